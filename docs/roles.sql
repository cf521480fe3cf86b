-- Roles for a catalog in PostgreSQL: who reads, and which sets each team writes.
-- docs/security.md explains them. To be run by the owner of the catalog's tables, and again after
-- each `estimates migrate`; it changes nothing that it made before.

DO $$
BEGIN
  IF to_regrole('estimates_reader') IS NULL THEN
    CREATE ROLE estimates_reader NOLOGIN;
  END IF;
  IF to_regrole('estimates_writer') IS NULL THEN
    CREATE ROLE estimates_writer NOLOGIN;
    GRANT estimates_reader TO estimates_writer;
  END IF;
END
$$;

-- The sets that a role may write: a name, or with * at its end the beginning of names.
CREATE TABLE IF NOT EXISTS set_writers (role regrole, sets text, PRIMARY KEY (role, sets));

CREATE OR REPLACE FUNCTION may_write(name text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM set_writers
    WHERE pg_has_role(current_user, role, 'MEMBER')
      AND (sets = name OR (right(sets, 1) = '*' AND starts_with(name, left(sets, -1))))
  )
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO estimates_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO estimates_reader;

-- A row is read by all who read, and written by those who may write its set.
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'set'
  LOOP
    EXECUTE format('GRANT INSERT ON %I TO estimates_writer', name);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('DROP POLICY IF EXISTS writing ON %I', name);
    EXECUTE format('DROP POLICY IF EXISTS removing ON %I', name);
    -- not `USING (may_write(set))`: another team's row would be passed over without an error
    EXECUTE format('CREATE POLICY writing ON %I USING (true) WITH CHECK (may_write(set))', name);
    EXECUTE format(
      'CREATE POLICY removing ON %I AS RESTRICTIVE FOR DELETE USING (may_write(set))', name);
  END LOOP;
END
$$;

-- What changes of a row; events and contracts never do.
GRANT UPDATE (last_event, last_at, head) ON log TO estimates_writer;
GRANT UPDATE (expired_at, mlflow_run) ON versions TO estimates_writer;
GRANT UPDATE (tracked) ON scores TO estimates_writer;
GRANT UPDATE (body, digest) ON verdicts TO estimates_writer;
GRANT UPDATE (ended_at) ON waivers, holds TO estimates_writer;
GRANT UPDATE, DELETE ON aliases, claims TO estimates_writer;
GRANT UPDATE ON runs TO estimates_writer;

-- The log is one for all sets: it goes on by one event, which stands there when the transaction
-- ends. Owners and superusers may do more: recover, repair a clock, migrate.
CREATE OR REPLACE FUNCTION counter_goes_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF row_security_active('events')
    AND (NEW.last_event <> OLD.last_event + 1 OR NEW.last_at <= OLD.last_at)
  THEN
    RAISE insufficient_privilege USING MESSAGE = 'the log goes on by one event';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER counter_goes_on BEFORE UPDATE ON log
  FOR EACH ROW EXECUTE FUNCTION counter_goes_on();

CREATE OR REPLACE FUNCTION event_is_last() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF row_security_active('events') AND NOT EXISTS (
    SELECT FROM log WHERE (last_event, last_at, head) = (NEW.id, NEW.at, NEW.digest)
  ) THEN
    RAISE insufficient_privilege USING MESSAGE = 'the event is not the next of the log';
  END IF;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER event_is_last BEFORE INSERT ON events
  FOR EACH ROW EXECUTE FUNCTION event_is_last();

CREATE OR REPLACE FUNCTION counter_has_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF row_security_active('events') AND NOT EXISTS (
    SELECT FROM events WHERE (id, digest) = (NEW.last_event, NEW.head)
  ) THEN
    RAISE insufficient_privilege USING MESSAGE = 'the log counts an event that is not there';
  END IF;
  RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS counter_has_event ON log;
CREATE CONSTRAINT TRIGGER counter_has_event AFTER UPDATE ON log DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION counter_has_event();
