#!/usr/bin/env bash
# Starts the MySQL that GitHub's Ubuntu runners have, with what the tests of mysqlStore expect: root without a password, a database.
set -euo pipefail
sudo systemctl start mysql
mysql --user=root --password=root --execute="ALTER USER root@localhost IDENTIFIED BY ''; CREATE DATABASE test"
