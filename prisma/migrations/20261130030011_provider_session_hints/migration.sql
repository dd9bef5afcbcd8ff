-- AlterTable
ALTER TABLE "provider_sessions" ADD COLUMN     "id_token" TEXT;
