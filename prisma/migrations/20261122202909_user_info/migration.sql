-- CreateTable
CREATE TABLE "user_info_answers" (
    "user_id" INTEGER NOT NULL,
    "answered_at" TIMESTAMPTZ(3),
    "failed_at" TIMESTAMPTZ(3),
    "failure" TEXT,

CONSTRAINT "user_info_answers_pkey" PRIMARY KEY ("user_id")
);

-- AddForeignKey
ALTER TABLE "user_info_answers" ADD CONSTRAINT "user_info_answers_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
