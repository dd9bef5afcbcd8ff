-- CreateIndex
CREATE INDEX "api_keys_created_at_idx" ON "api_keys"("created_at");

-- by hand

CREATE INDEX api_keys_used ON api_keys ((coalesce(last_used, '-infinity'::timestamptz)), id);
CREATE INDEX api_keys_expiring ON api_keys ((coalesce(expires_at, 'infinity'::timestamptz)), id);
