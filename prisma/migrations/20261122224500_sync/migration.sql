-- Runs of LDAP sync, kept with what each changed of whom. Whoever was found as they are already has no entry.

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "dn" TEXT;

-- CreateTable
CREATE TABLE "sync_runs" (
    "id" SERIAL NOT NULL,
    "iamid" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "started_by" TEXT NOT NULL,
    "dry_run" BOOLEAN NOT NULL,
    "userid" TEXT,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "config" JSONB,
    "secrets" JSONB,
    "since" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "holder" TEXT,
    "beat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "total" INTEGER NOT NULL DEFAULT 0,
    "unchanged" INTEGER NOT NULL DEFAULT 0,
    "planned" INTEGER NOT NULL DEFAULT 0,
    "applied" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "undone_at" TIMESTAMPTZ(3),

CONSTRAINT "sync_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sync_entries" (
    "id" SERIAL NOT NULL,
    "run_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "source" TEXT,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "dn" TEXT,
    "user_id" INTEGER,
    "outcome" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "said" JSONB,
    "before" JSONB,
    "after" JSONB,
    "reason" TEXT,

CONSTRAINT "sync_entries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sync_runs_iamid_id_idx" ON "sync_runs"("iamid", "id");

-- CreateIndex
CREATE INDEX "sync_entries_run_id_id_idx" ON "sync_entries"("run_id", "id");

-- CreateIndex
CREATE INDEX "sync_entries_run_id_name_key_idx" ON "sync_entries"("run_id", "name_key");

-- AddForeignKey
ALTER TABLE "sync_entries" ADD CONSTRAINT "sync_entries_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "sync_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- by hand

-- One at a time per IAM, on however many instances.
CREATE UNIQUE INDEX sync_runs_under_way ON sync_runs (iamid) WHERE status IN ('waiting', 'reading', 'applying');
CREATE INDEX sync_entries_planned ON sync_entries (run_id, id) WHERE state = 'planned';
ALTER TABLE sync_entries ALTER COLUMN name_key TYPE TEXT COLLATE "C";
