-- Fails unless all of the old tables is in the new ones, and nothing else. Locks nobody out. One snapshot for all of it.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
DO $$
BEGIN
  IF EXISTS (
    SELECT FROM countersign_records AS old FULL JOIN countersign_new_records AS new USING ("user")
    WHERE (old.record, old.handle, old.version) IS DISTINCT FROM (new.record, new.handle, new.version)
  ) THEN RAISE EXCEPTION 'a record is not the same in the new tables'; END IF;
  IF EXISTS (
    SELECT FROM countersign_claims AS old FULL JOIN countersign_new_claims AS new USING (claim)
    WHERE old."user" IS DISTINCT FROM new."user"
  ) THEN RAISE EXCEPTION 'a claim is not the same in the new tables'; END IF;
  IF EXISTS (
    SELECT FROM (SELECT handle, "user" FROM countersign_records WHERE handle IS NOT NULL) AS old
    FULL JOIN countersign_new_handles AS new USING (handle) WHERE old."user" IS DISTINCT FROM new."user"
  ) THEN RAISE EXCEPTION 'a handle is not the same in the new tables'; END IF;
END
$$;
COMMIT;
