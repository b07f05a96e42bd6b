-- The new tables take the names of the old ones. Servers wait for a moment and go on, with `partitions` or without.
-- If it fails because a lock was not free in 5 seconds, nothing has changed: run it again.
BEGIN;
SET LOCAL lock_timeout = '5s';
LOCK TABLE countersign_records, countersign_claims IN ACCESS EXCLUSIVE MODE;

-- No version is used twice: the new ones go on where the old ones end.
SELECT setval('countersign_new_versions', nextval(pg_get_serial_sequence('countersign_records', 'version')));

DROP TRIGGER countersign_mirror ON countersign_records;
DROP TRIGGER countersign_mirror ON countersign_claims;
DROP FUNCTION countersign_mirror_record();
DROP FUNCTION countersign_mirror_claim();
DROP PROCEDURE countersign_copy(text, integer);

ALTER TABLE countersign_records RENAME TO countersign_old_records;
ALTER TABLE countersign_claims RENAME TO countersign_old_claims;
ALTER INDEX countersign_claims_user RENAME TO countersign_old_claims_user;
ALTER TABLE countersign_new_records RENAME TO countersign_records;
ALTER TABLE countersign_new_handles RENAME TO countersign_handles;
ALTER TABLE countersign_new_claims RENAME TO countersign_claims;
ALTER INDEX countersign_new_claims_user RENAME TO countersign_claims_user;
ALTER SEQUENCE countersign_new_versions RENAME TO countersign_versions;
ALTER FUNCTION countersign_new_keep_handle() RENAME TO countersign_keep_handle;

-- The open challenges stay where they are.
DROP TABLE countersign_new_challenges;

-- As the store makes it, but for the names of its tables, which have changed.
CREATE OR REPLACE FUNCTION countersign_keep_handle() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.handle IS NOT NULL THEN
    DELETE FROM countersign_handles WHERE handle = OLD.handle AND "user" = OLD."user";
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.handle IS NOT NULL THEN
    INSERT INTO countersign_handles (handle, "user") VALUES (NEW.handle, NEW."user");
  END IF;
  RETURN NULL;
END
$$;
COMMIT;
