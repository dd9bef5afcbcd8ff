-- AlterTable
ALTER TABLE "iams" ADD COLUMN     "ids_missing_since" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "directory_id" TEXT,
ADD COLUMN     "openid_id" TEXT,
ADD COLUMN     "relinkable" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "saml_id" TEXT;

-- by hand

ALTER TABLE users ALTER COLUMN directory_id TYPE TEXT COLLATE "C", ALTER COLUMN openid_id TYPE TEXT COLLATE "C",
  ALTER COLUMN saml_id TYPE TEXT COLLATE "C";
CREATE UNIQUE INDEX users_directory_id ON users (iamid, directory_id) WHERE directory_id IS NOT NULL;
CREATE UNIQUE INDEX users_openid_id ON users (iamid, openid_id) WHERE openid_id IS NOT NULL;
CREATE UNIQUE INDEX users_saml_id ON users (iamid, saml_id) WHERE saml_id IS NOT NULL;
