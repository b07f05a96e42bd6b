-- Once every server is opened with `partitions: 64`. There is no way back from here but a backup.
DROP INDEX countersign_new_records_handle;
DROP TABLE countersign_old_claims, countersign_old_records;
