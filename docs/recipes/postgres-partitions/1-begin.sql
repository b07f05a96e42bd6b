-- The first step from tables without partitions to tables with partitions, as docs/scale.md describes.
-- Before it: postgresStore(pool, { prefix: 'countersign_new_', partitions: 64 }).migrate()
-- From here on, whatever changes in the old tables is made in the new ones, too, by the same transaction.
BEGIN;
SET LOCAL lock_timeout = '5s';

-- Servers that don't know of the partitions yet find handles by it. The last step drops it.
CREATE INDEX countersign_new_records_handle ON countersign_new_records (handle);

-- `SET search_path FROM CURRENT`: the functions find these tables whatever a server's session has.
CREATE FUNCTION countersign_mirror_record() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD."user" <> NEW."user") THEN
    DELETE FROM countersign_new_records WHERE "user" = OLD."user";
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO countersign_new_records ("user", record, handle, version)
    VALUES (NEW."user", NEW.record, NEW.handle, NEW.version)
    ON CONFLICT ("user") DO UPDATE
    SET record = excluded.record, handle = excluded.handle, version = excluded.version;
  END IF;
  RETURN NULL;
END
$$;

CREATE FUNCTION countersign_mirror_claim() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM countersign_new_claims WHERE claim = OLD.claim AND "user" = OLD."user";
  END IF;
  IF TG_OP <> 'DELETE' THEN
    -- The record that a claim refers to may not have been copied yet.
    INSERT INTO countersign_new_records ("user", record, handle, version)
    SELECT "user", record, handle, version FROM countersign_records WHERE "user" = NEW."user"
    ON CONFLICT ("user") DO NOTHING;
    INSERT INTO countersign_new_claims (claim, "user") VALUES (NEW.claim, NEW."user")
    ON CONFLICT (claim) DO UPDATE SET "user" = excluded."user";
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER countersign_mirror AFTER INSERT OR UPDATE OR DELETE ON countersign_records
  FOR EACH ROW EXECUTE FUNCTION countersign_mirror_record();
CREATE TRIGGER countersign_mirror AFTER INSERT OR UPDATE OR DELETE ON countersign_claims
  FOR EACH ROW EXECUTE FUNCTION countersign_mirror_claim();

-- `CALL countersign_copy('', 5000)` copies what was there before, so many users in one transaction. What it reads is locked
-- until its copy is committed, so that a change meanwhile comes after the copy. After an interruption, call it again.
CREATE PROCEDURE countersign_copy(last text, at_once integer) LANGUAGE plpgsql AS $$
DECLARE
  next text;
BEGIN
  LOOP
    WITH batch AS (
      SELECT "user", record, handle, version FROM countersign_records
      WHERE "user" > last COLLATE "C" ORDER BY "user" LIMIT at_once FOR SHARE
    ), copied AS (
      INSERT INTO countersign_new_records ("user", record, handle, version)
      SELECT "user", record, handle, version FROM batch ON CONFLICT ("user") DO NOTHING
    )
    SELECT max("user") INTO next FROM batch;
    EXIT WHEN next IS NULL;
    WITH batch AS (
      SELECT claim, "user" FROM countersign_claims
      WHERE "user" > last COLLATE "C" AND "user" <= next COLLATE "C" FOR SHARE
    )
    INSERT INTO countersign_new_claims (claim, "user") SELECT claim, "user" FROM batch ON CONFLICT (claim) DO NOTHING;
    last := next;
    COMMIT;
  END LOOP;
END
$$;
COMMIT;
