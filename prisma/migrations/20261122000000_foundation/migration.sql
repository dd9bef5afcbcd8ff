-- Authored from prisma/schema.prisma; the part after "-- by hand" is what the schema language cannot say.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- CreateTable
CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "iamid" TEXT COLLATE "C" NOT NULL,
    "userid" TEXT NOT NULL,
    "userid_key" TEXT COLLATE "C" NOT NULL,
    "global_user_id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "profile_id" SERIAL NOT NULL,
    "authentication_id" INTEGER,
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "email" TEXT,
    "email_key" TEXT COLLATE "C" NOT NULL DEFAULT '',
    "phone" TEXT,
    "about" TEXT,
    "location" TEXT,
    "organization" TEXT,
    "position" TEXT,
    "sql_user" TEXT,
    "preferences" JSONB,
    "external_user_ids" JSONB NOT NULL DEFAULT '{}',
    "scim" JSONB,
    "system_generated" BOOLEAN NOT NULL DEFAULT false,
    "disabled" BOOLEAN NOT NULL DEFAULT false,
    "last_login" TIMESTAMPTZ(3),
    "last_external_refresh" TIMESTAMPTZ(3),
    "current_project_id" INTEGER,
    "profile_created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "profile_updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_permissions" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "permission" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL DEFAULT 'bim',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_permissions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "groups" (
    "id" SERIAL NOT NULL,
    "iamid" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "gid" TEXT,
    "email" TEXT,
    "description" TEXT,
    "scim" JSONB,
    "scimid" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "groups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "memberships" (
    "id" SERIAL NOT NULL,
    "group_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "sources" TEXT[] NOT NULL DEFAULT '{bim}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memberships_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_attributes" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "key_key" TEXT COLLATE "C" NOT NULL,
    "value" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL DEFAULT 'bim',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_attributes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "group_attributes" (
    "id" SERIAL NOT NULL,
    "group_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "key_key" TEXT COLLATE "C" NOT NULL,
    "value" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL DEFAULT 'bim',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "group_attributes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "iams" (
    "id" TEXT COLLATE "C" NOT NULL,
    "display_name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "config" JSONB NOT NULL DEFAULT '{}',
    "secrets" JSONB NOT NULL DEFAULT '{}',
    "default_permissions" TEXT[] NOT NULL DEFAULT '{}',
    "scim_key_hash" BYTEA,
    "scim_key_prefix" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "iams_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "iam_group_permissions" (
    "iamid" TEXT COLLATE "C" NOT NULL,
    "group_name" TEXT NOT NULL,
    "group_key" TEXT COLLATE "C" NOT NULL,
    "permission" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "iam_group_permissions_pkey" PRIMARY KEY ("iamid","group_key","permission")
);

-- CreateTable
CREATE TABLE "authentications" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "password_hash" TEXT,
    "password_changed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "authentications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "name" TEXT,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "project_id" INTEGER,
    "scopes" TEXT[] NOT NULL DEFAULT '{}',
    "parent_key_id" INTEGER,
    "rotated_to_id" INTEGER,
    "expires_at" TIMESTAMPTZ(3),
    "last_used" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tokens" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "api_key_id" INTEGER,
    "impersonator_id" INTEGER,
    "project_id" INTEGER,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "scopes" TEXT[] NOT NULL DEFAULT '{}',
    "last_used" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invitations" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invitations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "login_failures" (
    "subject" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "blocked_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "login_failures_pkey" PRIMARY KEY ("subject")
);

-- CreateTable
CREATE TABLE "projects" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "project_key" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "description" TEXT,
    "documentation" TEXT,
    "allow_masked_joins" BOOLEAN NOT NULL DEFAULT false,
    "subscription_type" TEXT NOT NULL DEFAULT 'manual',
    "type" TEXT NOT NULL DEFAULT 'Standard',
    "schema" TEXT,
    "created_by" INTEGER,
    "updated_by" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project_members" (
    "project_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "project_members_pkey" PRIMARY KEY ("project_id","user_id")
);

-- CreateTable
CREATE TABLE "domains" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "domains_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "domain_permissions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "domain_id" UUID NOT NULL,
    "permission" TEXT COLLATE "C" NOT NULL,
    "user_id" INTEGER,
    "group_id" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "domain_permissions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "data_sources" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT COLLATE "C" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "data_sources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "data_source_owners" (
    "data_source_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "data_source_owners_pkey" PRIMARY KEY ("data_source_id","user_id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_user_id" INTEGER,
    "actor_name" TEXT NOT NULL,
    "behalf_user_id" INTEGER,
    "behalf_name" TEXT,
    "credential" TEXT,
    "target_type" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "target_name" TEXT,
    "before" JSONB,
    "after" JSONB,
    "reason" TEXT,
    "request_id" TEXT NOT NULL,
    "address" TEXT,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_global_user_id_key" ON "users"("global_user_id");

-- CreateIndex
CREATE UNIQUE INDEX "users_profile_id_key" ON "users"("profile_id");

-- CreateIndex
CREATE UNIQUE INDEX "users_authentication_id_key" ON "users"("authentication_id");

-- CreateIndex
CREATE UNIQUE INDEX "users_iamid_userid_key_key" ON "users"("iamid", "userid_key");

-- CreateIndex
CREATE INDEX "user_permissions_permission_user_id_idx" ON "user_permissions"("permission", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "user_permissions_user_id_permission_source_key" ON "user_permissions"("user_id", "permission", "source");

-- CreateIndex
CREATE UNIQUE INDEX "groups_iamid_name_key_key" ON "groups"("iamid", "name_key");

-- CreateIndex
CREATE INDEX "memberships_group_id_user_id_idx" ON "memberships"("group_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "memberships_user_id_group_id_key" ON "memberships"("user_id", "group_id");

-- CreateIndex
CREATE UNIQUE INDEX "iams_scim_key_hash_key" ON "iams"("scim_key_hash");

-- CreateIndex
CREATE INDEX "iam_group_permissions_permission_iamid_group_key_idx" ON "iam_group_permissions"("permission", "iamid", "group_key");

-- CreateIndex
CREATE UNIQUE INDEX "authentications_user_id_key" ON "authentications"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

-- CreateIndex
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");

-- CreateIndex
CREATE INDEX "api_keys_project_id_idx" ON "api_keys"("project_id");

-- CreateIndex
CREATE UNIQUE INDEX "tokens_hash_key" ON "tokens"("hash");

-- CreateIndex
CREATE INDEX "tokens_user_id_idx" ON "tokens"("user_id");

-- CreateIndex
CREATE INDEX "tokens_api_key_id_idx" ON "tokens"("api_key_id");

-- CreateIndex
CREATE INDEX "tokens_impersonator_id_idx" ON "tokens"("impersonator_id");

-- CreateIndex
CREATE INDEX "tokens_project_id_idx" ON "tokens"("project_id");

-- CreateIndex
CREATE INDEX "tokens_expires_at_idx" ON "tokens"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "invitations_hash_key" ON "invitations"("hash");

-- CreateIndex
CREATE INDEX "invitations_user_id_idx" ON "invitations"("user_id");

-- CreateIndex
CREATE INDEX "invitations_expires_at_idx" ON "invitations"("expires_at");

-- CreateIndex
CREATE INDEX "login_failures_window_start_idx" ON "login_failures"("window_start");

-- CreateIndex
CREATE UNIQUE INDEX "projects_name_key_key" ON "projects"("name_key");

-- CreateIndex
CREATE INDEX "project_members_user_id_project_id_idx" ON "project_members"("user_id", "project_id");

-- CreateIndex
CREATE UNIQUE INDEX "domains_name_key_key" ON "domains"("name_key");

-- CreateIndex
CREATE INDEX "domain_permissions_user_id_idx" ON "domain_permissions"("user_id");

-- CreateIndex
CREATE INDEX "domain_permissions_group_id_idx" ON "domain_permissions"("group_id");

-- CreateIndex
CREATE INDEX "domain_permissions_permission_idx" ON "domain_permissions"("permission");

-- CreateIndex
CREATE UNIQUE INDEX "domain_permissions_domain_id_permission_user_id_key" ON "domain_permissions"("domain_id", "permission", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "domain_permissions_domain_id_permission_group_id_key" ON "domain_permissions"("domain_id", "permission", "group_id");

-- CreateIndex
CREATE UNIQUE INDEX "data_sources_name_key_key" ON "data_sources"("name_key");

-- CreateIndex
CREATE INDEX "data_source_owners_user_id_idx" ON "data_source_owners"("user_id");

-- CreateIndex
CREATE INDEX "audit_events_at_id_idx" ON "audit_events"("at", "id");

-- CreateIndex
CREATE INDEX "audit_events_target_type_target_id_id_idx" ON "audit_events"("target_type", "target_id", "id");

-- CreateIndex
CREATE INDEX "audit_events_actor_user_id_id_idx" ON "audit_events"("actor_user_id", "id");

-- CreateIndex
CREATE INDEX "audit_events_event_id_idx" ON "audit_events"("event", "id");

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_current_project_id_fkey" FOREIGN KEY ("current_project_id") REFERENCES "projects"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_permissions" ADD CONSTRAINT "user_permissions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "groups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_attributes" ADD CONSTRAINT "user_attributes_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_attributes" ADD CONSTRAINT "group_attributes_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "groups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "iam_group_permissions" ADD CONSTRAINT "iam_group_permissions_iamid_fkey" FOREIGN KEY ("iamid") REFERENCES "iams"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "authentications" ADD CONSTRAINT "authentications_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_impersonator_id_fkey" FOREIGN KEY ("impersonator_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_api_key_id_fkey" FOREIGN KEY ("api_key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "domain_permissions" ADD CONSTRAINT "domain_permissions_domain_id_fkey" FOREIGN KEY ("domain_id") REFERENCES "domains"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "domain_permissions" ADD CONSTRAINT "domain_permissions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "domain_permissions" ADD CONSTRAINT "domain_permissions_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "groups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "data_source_owners" ADD CONSTRAINT "data_source_owners_data_source_id_fkey" FOREIGN KEY ("data_source_id") REFERENCES "data_sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "data_source_owners" ADD CONSTRAINT "data_source_owners_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- by hand

-- The order of every list is total: the sorted value, then id. Partial matches go by trigram on the canonical form.
CREATE INDEX users_name_sort ON users (name_key, id);
CREATE INDEX users_userid_sort ON users (userid_key, id);
CREATE INDEX users_email_sort ON users (email_key, id);
CREATE INDEX users_iamid_sort ON users (lower(iamid COLLATE "C"), id);
CREATE INDEX users_created_sort ON users (created_at, id);
CREATE INDEX users_last_login_sort ON users (coalesce(last_login, '-infinity'), id);
CREATE INDEX users_name_trgm ON users USING gin (name_key gin_trgm_ops);
CREATE INDEX users_userid_trgm ON users USING gin (userid_key gin_trgm_ops);
CREATE INDEX users_email_trgm ON users USING gin (email_key gin_trgm_ops);
CREATE INDEX users_disabled ON users (id) WHERE disabled;
CREATE INDEX users_system_generated ON users (id) WHERE system_generated;
CREATE UNIQUE INDEX users_bim_email ON users (email_key) WHERE iamid = 'bim' AND email_key <> '';
CREATE UNIQUE INDEX user_attributes_once ON user_attributes (user_id, key_key, md5(value), source);
CREATE INDEX user_attributes_value ON user_attributes (key_key, md5(value), user_id);
CREATE UNIQUE INDEX group_attributes_once ON group_attributes (group_id, key_key, md5(value), source);
CREATE INDEX group_attributes_value ON group_attributes (key_key, md5(value), group_id);
CREATE INDEX groups_name_sort ON groups (name_key, id);
CREATE INDEX groups_iamid_sort ON groups (lower(iamid COLLATE "C"), id);
CREATE INDEX groups_created_sort ON groups (created_at, id);
CREATE INDEX groups_name_trgm ON groups USING gin (name_key gin_trgm_ops);
ALTER TABLE domain_permissions ADD CONSTRAINT domain_permissions_one_holder CHECK (num_nonnulls(user_id, group_id) = 1);

-- What a user may do and who says so. The one place where the three roads to a permission meet:
-- set on the user (by hand or by a source), through a group's rule, or held by every user of an external IAM.
CREATE VIEW effective_permissions AS
  SELECT p.user_id, p.permission, p.source, NULL::int AS group_id, p.id::bigint AS place
    FROM user_permissions p
  UNION ALL
  SELECT m.user_id, r.permission, 'group' AS source, g.id AS group_id, 3000000000 + g.id AS place
    FROM memberships m JOIN groups g ON g.id = m.group_id
    JOIN iam_group_permissions r ON r.iamid = g.iamid AND r.group_key = g.name_key
  UNION ALL
  SELECT u.id AS user_id, d.permission, 'IAM defaults' AS source, NULL::int AS group_id, 9000000000 AS place
    FROM users u JOIN iams i ON i.id = u.iamid AND i.id <> 'bim' CROSS JOIN LATERAL unnest(i.default_permissions) d(permission);

INSERT INTO iams (id, display_name, type, default_permissions) VALUES ('bim', 'Immuta', 'built-in', '{CREATE_PROJECT}');
