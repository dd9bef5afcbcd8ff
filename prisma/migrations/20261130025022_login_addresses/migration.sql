-- CreateTable
CREATE TABLE "login_addresses" (
    "subject" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "last_login" TIMESTAMPTZ(3) NOT NULL,

CONSTRAINT "login_addresses_pkey" PRIMARY KEY ("subject")
);

-- CreateIndex
CREATE INDEX "login_addresses_account_last_login_idx" ON "login_addresses"("account", "last_login");

-- CreateIndex
CREATE INDEX "login_addresses_last_login_idx" ON "login_addresses"("last_login");
