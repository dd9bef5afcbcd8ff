-- AlterTable
ALTER TABLE "sync_runs" ADD COLUMN     "started_by_user_id" INTEGER;

-- CreateIndex
CREATE INDEX "users_iamid_name_key_id_idx" ON "users"("iamid", "name_key", "id");

-- by hand

CREATE INDEX sync_runs_successful ON sync_runs (iamid, id) WHERE status = 'finished' AND NOT dry_run AND mode IN ('full', 'incremental');
