-- Password hashes of other systems, which are renewed at the next log-in.

-- by hand

-- step: which passwords are imported
ALTER TABLE authentications ADD COLUMN IF NOT EXISTS imported BOOLEAN NOT NULL DEFAULT false;

-- step: imported passwords: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS authentications_imported_idx;

-- step: whether there are imported passwords
CREATE INDEX CONCURRENTLY authentications_imported_idx ON authentications (id) WHERE imported;
