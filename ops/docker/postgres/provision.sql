-- The databases and who may sign in, at every start: the passwords are those of the environment.
-- What a user may do comes from the roles of the first migration, which may run later than this.
SELECT 'CREATE ROLE ' || name || ' NOLOGIN'
  FROM unnest(ARRAY['tocsin_owner', 'tocsin_ingest', 'tocsin_alerts', 'tocsin_console',
                    'tocsin_retention', 'tocsin_watch']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT 'CREATE ROLE ' || name || ' LOGIN'
  FROM unnest(ARRAY['consumer', 'console', 'airflow']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- Nothing until asked for: a connection takes the one role its program needs.
ALTER ROLE consumer NOINHERIT;
ALTER ROLE console NOINHERIT;
ALTER ROLE airflow NOINHERIT;
GRANT tocsin_ingest, tocsin_watch TO consumer;
GRANT tocsin_console, tocsin_watch TO console;
GRANT tocsin_alerts, tocsin_retention TO airflow;

-- A password in a log would be no secret.
SET log_min_error_statement = panic;
SET log_statement = none;
\getenv password DATABASE_PASSWORD
ALTER ROLE postgres PASSWORD :'password';
\getenv password DATABASE_CONSUMER_PASSWORD
ALTER ROLE consumer PASSWORD :'password';
\getenv password DATABASE_CONSOLE_PASSWORD
ALTER ROLE console PASSWORD :'password';
\getenv password DATABASE_AIRFLOW_PASSWORD
ALTER ROLE airflow PASSWORD :'password';

SELECT 'CREATE DATABASE tocsin'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tocsin') \gexec
SELECT 'CREATE DATABASE airflow OWNER airflow'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'airflow') \gexec
