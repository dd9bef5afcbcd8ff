-- Indexes for the removal of old rows.

-- by hand

-- step: syncs that ended: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS sync_runs_finished_at_idx;

-- step: syncs that ended
CREATE INDEX CONCURRENTLY sync_runs_finished_at_idx ON sync_runs (finished_at);

-- step: exchanges by their time: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS exchanges_at_idx;

-- step: exchanges by their time
CREATE INDEX CONCURRENTLY exchanges_at_idx ON exchanges (at);
