-- AlterTable
ALTER TABLE "login_failures" ADD COLUMN     "pending" TIMESTAMPTZ(3)[] DEFAULT ARRAY[]::TIMESTAMPTZ(3)[];

-- by hand
ALTER TABLE "login_failures" ALTER COLUMN "pending" SET NOT NULL;
