-- Indexes for pages of SCIM, of the audit log, and of attribute keys and values.

-- by hand

-- step: users of an identity source, for SCIM: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS users_iamid_id_idx;

-- step: users of an identity source, for SCIM
CREATE INDEX CONCURRENTLY users_iamid_id_idx ON users (iamid, id);

-- step: groups of an identity source, for SCIM: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS groups_iamid_id_idx;

-- step: groups of an identity source, for SCIM
CREATE INDEX CONCURRENTLY groups_iamid_id_idx ON groups (iamid, id);

-- step: audit events that were denied: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS audit_events_denied;

-- step: audit events that were denied
CREATE INDEX CONCURRENTLY audit_events_denied ON audit_events (id) WHERE outcome = 'denied';

-- step: keys of users: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS user_attributes_key_key_id_idx;

-- step: keys of users
CREATE INDEX CONCURRENTLY user_attributes_key_key_id_idx ON user_attributes (key_key, id);

-- step: keys of groups: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS group_attributes_key_key_id_idx;

-- step: keys of groups
CREATE INDEX CONCURRENTLY group_attributes_key_key_id_idx ON group_attributes (key_key, id);

-- step: values of users in their order: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS user_attributes_in_order;

-- step: values of users in their order
CREATE INDEX CONCURRENTLY user_attributes_in_order ON user_attributes (key_key, (left(value, 200) COLLATE "C"), user_id);

-- step: values of groups in their order: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS group_attributes_in_order;

-- step: values of groups in their order
CREATE INDEX CONCURRENTLY group_attributes_in_order ON group_attributes (key_key, (left(value, 200) COLLATE "C"), group_id);

-- step: statistics
ANALYZE user_attributes, group_attributes;
