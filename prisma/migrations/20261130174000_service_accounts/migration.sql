-- AlterTable
ALTER TABLE "users" ADD COLUMN     "kind" TEXT NOT NULL DEFAULT 'PERSON',
ADD COLUMN     "owner_group_id" INTEGER,
ADD COLUMN     "owner_user_id" INTEGER;

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_owner_user_id_fkey" FOREIGN KEY ("owner_user_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_owner_group_id_fkey" FOREIGN KEY ("owner_group_id") REFERENCES "groups"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- by hand

ALTER TABLE users ADD CONSTRAINT users_kind_check CHECK (kind IN ('PERSON', 'SERVICE')),
  -- A service account is local, and nobody reads its mail.
  ADD CONSTRAINT users_service_check CHECK (CASE kind
    WHEN 'SERVICE' THEN iamid = 'bim' AND email IS NULL AND num_nonnulls(owner_user_id, owner_group_id) <= 1
    ELSE num_nonnulls(owner_user_id, owner_group_id) = 0 END);

CREATE INDEX users_services ON users (name_key, id) WHERE kind = 'SERVICE';
CREATE INDEX users_by_owner_user ON users (owner_user_id) WHERE owner_user_id IS NOT NULL;
CREATE INDEX users_by_owner_group ON users (owner_group_id) WHERE owner_group_id IS NOT NULL;
