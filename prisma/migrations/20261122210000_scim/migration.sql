-- SCIM's id of a user: null once the provider has deleted the resource; the record itself stays, disabled, and gets a new one when it
-- is provisioned again. It is not the user's own id, so that a new resource is never taken for the old one (RFC 7643 3.1).

-- AlterTable
ALTER TABLE "users" ADD COLUMN "scim_id" UUID DEFAULT gen_random_uuid();
-- Who disabled them: `bim` (by hand) or a source, which may enable only whom it disabled itself.
ALTER TABLE "users" ADD COLUMN "disabled_by" TEXT;

-- AlterTable
ALTER TABLE "groups" ADD COLUMN "scim_version" INTEGER NOT NULL DEFAULT 1;

-- CreateIndex
CREATE UNIQUE INDEX "users_scim_id_key" ON "users"("scim_id");

-- by hand

CREATE INDEX users_scim_external ON users (iamid, (scim->>'externalId'));
CREATE INDEX groups_scimid ON groups (scimid, iamid);
