-- Who joined or left a group is found by the member too: such an event is about them.

-- by hand

-- step: members in audit events: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS audit_events_members;

-- step: members in audit events
CREATE INDEX CONCURRENTLY audit_events_members ON audit_events USING gin ((coalesce(after, before) -> 'members') jsonb_path_ops)
  WHERE target_type = 'group' AND event IN ('groupUserAdded', 'groupUserDeleted');
