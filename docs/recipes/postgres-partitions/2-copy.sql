-- Outside of a transaction: it commits after every 5000 users.
CALL countersign_copy('', 5000);
ANALYZE countersign_new_records, countersign_new_claims, countersign_new_handles;
