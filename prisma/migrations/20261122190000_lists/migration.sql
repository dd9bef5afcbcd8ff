-- Lists of projects, domains and data sources are filtered by part of the name and sorted by name or time, as users and groups are.

-- by hand

CREATE INDEX projects_created_sort ON projects (created_at, id);
CREATE INDEX projects_name_trgm ON projects USING gin (name_key gin_trgm_ops);
CREATE INDEX domains_created_sort ON domains (created_at, id);
CREATE INDEX domains_name_trgm ON domains USING gin (name_key gin_trgm_ops);
CREATE INDEX data_sources_created_sort ON data_sources (created_at, id);
CREATE INDEX data_sources_name_trgm ON data_sources USING gin (name_key gin_trgm_ops);
