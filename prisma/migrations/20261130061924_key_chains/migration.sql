-- CreateIndex
CREATE INDEX "api_keys_parent_key_id_idx" ON "api_keys"("parent_key_id");

-- CreateIndex
CREATE INDEX "api_keys_rotated_to_id_idx" ON "api_keys"("rotated_to_id");

-- CreateIndex
CREATE INDEX "projects_created_by_idx" ON "projects"("created_by");
