//! What Node lacks for keeping records in files: locks, atomic replacement and permission checks.
