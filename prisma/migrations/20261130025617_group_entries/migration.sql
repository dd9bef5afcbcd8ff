-- AlterTable
ALTER TABLE "groups" ADD COLUMN     "directory_id" TEXT;

-- AlterTable
ALTER TABLE "sync_runs" ADD COLUMN     "notes" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- by hand

ALTER TABLE groups ALTER COLUMN directory_id TYPE TEXT COLLATE "C";
CREATE UNIQUE INDEX groups_directory_id ON groups (iamid, directory_id) WHERE directory_id IS NOT NULL;
ALTER TABLE sync_runs ALTER COLUMN notes SET NOT NULL;
