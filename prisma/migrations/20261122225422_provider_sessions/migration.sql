-- CreateTable
CREATE TABLE "provider_sessions" (
    "token_id" INTEGER NOT NULL,
    "iamid" TEXT NOT NULL,
    "sub" TEXT NOT NULL,
    "sid" TEXT,

CONSTRAINT "provider_sessions_pkey" PRIMARY KEY ("token_id")
);

-- CreateTable
CREATE TABLE "used_once" (
    "mark" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

CONSTRAINT "used_once_pkey" PRIMARY KEY ("mark")
);

-- CreateIndex
CREATE INDEX "provider_sessions_iamid_sub_idx" ON "provider_sessions"("iamid", "sub");

-- CreateIndex
CREATE INDEX "provider_sessions_iamid_sid_idx" ON "provider_sessions"("iamid", "sid");

-- CreateIndex
CREATE INDEX "used_once_until_idx" ON "used_once"("until");

-- AddForeignKey
ALTER TABLE "provider_sessions" ADD CONSTRAINT "provider_sessions_token_id_fkey" FOREIGN KEY ("token_id") REFERENCES "tokens"("id") ON DELETE CASCADE ON UPDATE CASCADE;
