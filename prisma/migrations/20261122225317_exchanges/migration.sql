-- CreateTable
CREATE TABLE "exchanges" (
    "id" BIGSERIAL NOT NULL,
    "iamid" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "request_id" TEXT NOT NULL,
    "asked" TEXT NOT NULL,
    "userid" TEXT,
    "userid_key" TEXT,
    "resource" TEXT,
    "request" JSONB,
    "request_whole" BOOLEAN NOT NULL DEFAULT true,
    "answer" JSONB,
    "answer_whole" BOOLEAN NOT NULL DEFAULT true,
    "status" INTEGER,
    "failure" TEXT,
    "changes" JSONB NOT NULL DEFAULT '[]',
    "changes_whole" BOOLEAN NOT NULL DEFAULT true,

CONSTRAINT "exchanges_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "exchanges_iamid_id_idx" ON "exchanges"("iamid", "id");

-- AddForeignKey
ALTER TABLE "exchanges" ADD CONSTRAINT "exchanges_iamid_fkey" FOREIGN KEY ("iamid") REFERENCES "iams"("id") ON DELETE CASCADE ON UPDATE CASCADE;
