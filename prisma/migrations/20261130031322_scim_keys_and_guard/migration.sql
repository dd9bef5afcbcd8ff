-- CreateTable
CREATE TABLE "scim_keys" (
    "id" SERIAL NOT NULL,
    "iamid" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

CONSTRAINT "scim_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "scim_guards" (
    "iamid" TEXT NOT NULL,
    "held_at" TIMESTAMPTZ(3),
    "allowed_until" TIMESTAMPTZ(3),

CONSTRAINT "scim_guards_pkey" PRIMARY KEY ("iamid")
);

-- CreateTable
CREATE TABLE "scim_deprovisionings" (
    "iamid" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

CONSTRAINT "scim_deprovisionings_pkey" PRIMARY KEY ("iamid","user_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "scim_keys_hash_key" ON "scim_keys"("hash");

-- CreateIndex
CREATE INDEX "scim_keys_iamid_id_idx" ON "scim_keys"("iamid", "id");

-- CreateIndex
CREATE INDEX "scim_deprovisionings_iamid_at_idx" ON "scim_deprovisionings"("iamid", "at");

-- AddForeignKey
ALTER TABLE "scim_keys" ADD CONSTRAINT "scim_keys_iamid_fkey" FOREIGN KEY ("iamid") REFERENCES "iams"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scim_guards" ADD CONSTRAINT "scim_guards_iamid_fkey" FOREIGN KEY ("iamid") REFERENCES "iams"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scim_deprovisionings" ADD CONSTRAINT "scim_deprovisionings_iamid_fkey" FOREIGN KEY ("iamid") REFERENCES "iams"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- by hand: each key that there is goes on as the key of its IAM, before its columns go
INSERT INTO "scim_keys" ("iamid", "prefix", "hash", "created_at")
SELECT "id", "scim_key_prefix", "scim_key_hash", "updated_at" FROM "iams" WHERE "scim_key_hash" IS NOT NULL AND "scim_key_prefix" IS NOT NULL;

-- DropIndex
DROP INDEX "iams_scim_key_hash_key";

-- AlterTable
ALTER TABLE "iams" DROP COLUMN "scim_key_hash",
DROP COLUMN "scim_key_prefix";
