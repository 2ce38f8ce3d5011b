//! How many people a tenant has, and how many subscribers, kept up with every change.
//!
//! By triggers, so that no way to change them can forget it. On PostgreSQL once for each statement and in the order of the
//! key, so that no two transactions wait for each other's rows.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000053_people_tally", up, down };

fn up(dialect: &Dialect) -> String {
    format!("{}{}{}", tables(dialect), counted(dialect), dialect.either(POSTGRES_TRIGGERS, SQLITE_TRIGGERS))
}

fn tables(dialect: &Dialect) -> String {
    let Dialect { uuid, bigint, table, .. } = dialect;
    format!(
        r"
-- People by the day, in UTC, on which they came to the tenant; secured: those with a second factor.
-- slot: a day has several rows, so that not all who write wait for one. Their sum counts, and one alone may be negative.
CREATE TABLE user_tally (
    tenant_id {uuid} NOT NULL
              CONSTRAINT user_tally_tenant_id_fkey REFERENCES tenant (id),
    day       text NOT NULL
              CONSTRAINT user_tally_day_check CHECK (length(day) = 10),
    slot      integer NOT NULL
              CONSTRAINT user_tally_slot_check CHECK (slot BETWEEN 0 AND 15),
    people    {bigint} NOT NULL,
    secured   {bigint} NOT NULL,
    CONSTRAINT user_tally_pkey PRIMARY KEY (tenant_id, day, slot)
){table};

CREATE TABLE subscription_tally (
    tenant_id     {uuid} NOT NULL
                  CONSTRAINT subscription_tally_tenant_id_fkey REFERENCES tenant (id),
    status        text NOT NULL,
    slot          integer NOT NULL
                  CONSTRAINT subscription_tally_slot_check CHECK (slot BETWEEN 0 AND 15),
    subscriptions {bigint} NOT NULL,
    CONSTRAINT subscription_tally_pkey PRIMARY KEY (tenant_id, status, slot)
){table};
"
    )
}

/// Those who are there already.
fn counted(dialect: &Dialect) -> String {
    let day = dialect.either("to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')", "substr(m.created_at, 1, 10)");
    format!(
        r"
INSERT INTO user_tally (tenant_id, day, slot, people, secured)
SELECT m.tenant_id, {day}, 0, COUNT(*), COUNT(f.user_id)
FROM membership AS m LEFT JOIN second_factor AS f ON f.user_id = m.user_id AND f.confirmed_at IS NOT NULL
GROUP BY 1, 2;

INSERT INTO subscription_tally (tenant_id, status, slot, subscriptions)
SELECT tenant_id, status, 0, COUNT(*) FROM subscription GROUP BY 1, 2;
"
    )
}

const POSTGRES_TRIGGERS: &str = "
CREATE FUNCTION membership_tally() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    step integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO user_tally AS tally (tenant_id, day, slot, people, secured)
    SELECT m.tenant_id, to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
           get_byte(uuid_send(m.user_id), 15) % 16, step * COUNT(*), step * COUNT(f.user_id)
    FROM changed AS m LEFT JOIN second_factor AS f ON f.user_id = m.user_id AND f.confirmed_at IS NOT NULL
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, day, slot)
    DO UPDATE SET people = tally.people + excluded.people, secured = tally.secured + excluded.secured;
    RETURN NULL;
END
$$;
CREATE TRIGGER membership_tallied_in AFTER INSERT ON membership
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION membership_tally();
CREATE TRIGGER membership_tallied_out AFTER DELETE ON membership
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION membership_tally();

CREATE FUNCTION second_factor_tally() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    step integer := 0;
    person uuid;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        step := step - (OLD.confirmed_at IS NOT NULL)::integer;
        person := OLD.user_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        step := step + (NEW.confirmed_at IS NOT NULL)::integer;
        person := NEW.user_id;
    END IF;
    IF step <> 0 THEN
        INSERT INTO user_tally AS tally (tenant_id, day, slot, people, secured)
        SELECT m.tenant_id, to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
               get_byte(uuid_send(m.user_id), 15) % 16, 0, step
        FROM membership AS m WHERE m.user_id = person ORDER BY 1, 2, 3
        ON CONFLICT (tenant_id, day, slot) DO UPDATE SET secured = tally.secured + excluded.secured;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER second_factor_tallied AFTER INSERT OR UPDATE OR DELETE ON second_factor
    FOR EACH ROW EXECUTE FUNCTION second_factor_tally();

CREATE FUNCTION subscription_tally_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscription_tally AS tally (tenant_id, status, slot, subscriptions)
    SELECT tenant_id, status, get_byte(uuid_send(id), 15) % 16, COUNT(*) FROM arrived GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET subscriptions = tally.subscriptions + excluded.subscriptions;
    RETURN NULL;
END
$$;
CREATE FUNCTION subscription_tally_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscription_tally AS tally (tenant_id, status, slot, subscriptions)
    SELECT tenant_id, status, get_byte(uuid_send(id), 15) % 16, -COUNT(*) FROM gone GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET subscriptions = tally.subscriptions + excluded.subscriptions;
    RETURN NULL;
END
$$;
CREATE FUNCTION subscription_tally_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscription_tally AS tally (tenant_id, status, slot, subscriptions)
    SELECT tenant_id, status, get_byte(uuid_send(id), 15) % 16, SUM(step) FROM (
        SELECT tenant_id, status, id, -1 AS step FROM gone UNION ALL SELECT tenant_id, status, id, 1 FROM arrived
    ) AS steps GROUP BY 1, 2, 3 HAVING SUM(step) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET subscriptions = tally.subscriptions + excluded.subscriptions;
    RETURN NULL;
END
$$;
CREATE TRIGGER subscription_tallied_in AFTER INSERT ON subscription
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION subscription_tally_in();
CREATE TRIGGER subscription_tallied_out AFTER DELETE ON subscription
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION subscription_tally_out();
CREATE TRIGGER subscription_tallied_move AFTER UPDATE ON subscription
    REFERENCING OLD TABLE AS gone NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION subscription_tally_move();
";

/// The last digit of an id is its slot.
const SQLITE_TRIGGERS: &str = "
CREATE TRIGGER membership_tallied_in AFTER INSERT ON membership
BEGIN
    INSERT INTO user_tally (tenant_id, day, slot, people, secured)
    SELECT NEW.tenant_id, substr(NEW.created_at, 1, 10),
           instr('0123456789ABCDEF', substr(hex(NEW.user_id), 32, 1)) - 1, 1,
           EXISTS (SELECT 1 FROM second_factor WHERE user_id = NEW.user_id AND confirmed_at IS NOT NULL)
    WHERE true
    ON CONFLICT (tenant_id, day, slot)
    DO UPDATE SET people = people + excluded.people, secured = secured + excluded.secured;
END;
CREATE TRIGGER membership_tallied_out AFTER DELETE ON membership
BEGIN
    INSERT INTO user_tally (tenant_id, day, slot, people, secured)
    SELECT OLD.tenant_id, substr(OLD.created_at, 1, 10),
           instr('0123456789ABCDEF', substr(hex(OLD.user_id), 32, 1)) - 1, -1,
           -EXISTS (SELECT 1 FROM second_factor WHERE user_id = OLD.user_id AND confirmed_at IS NOT NULL)
    WHERE true
    ON CONFLICT (tenant_id, day, slot)
    DO UPDATE SET people = people + excluded.people, secured = secured + excluded.secured;
END;
CREATE TRIGGER second_factor_tallied_in AFTER INSERT ON second_factor WHEN NEW.confirmed_at IS NOT NULL
BEGIN
    INSERT INTO user_tally (tenant_id, day, slot, people, secured)
    SELECT tenant_id, substr(created_at, 1, 10), instr('0123456789ABCDEF', substr(hex(user_id), 32, 1)) - 1, 0, 1
    FROM membership WHERE user_id = NEW.user_id
    ON CONFLICT (tenant_id, day, slot) DO UPDATE SET secured = secured + excluded.secured;
END;
CREATE TRIGGER second_factor_tallied_out AFTER DELETE ON second_factor WHEN OLD.confirmed_at IS NOT NULL
BEGIN
    INSERT INTO user_tally (tenant_id, day, slot, people, secured)
    SELECT tenant_id, substr(created_at, 1, 10), instr('0123456789ABCDEF', substr(hex(user_id), 32, 1)) - 1, 0, -1
    FROM membership WHERE user_id = OLD.user_id
    ON CONFLICT (tenant_id, day, slot) DO UPDATE SET secured = secured + excluded.secured;
END;
CREATE TRIGGER second_factor_tallied_move AFTER UPDATE ON second_factor
WHEN (OLD.confirmed_at IS NULL) <> (NEW.confirmed_at IS NULL)
BEGIN
    INSERT INTO user_tally (tenant_id, day, slot, people, secured)
    SELECT tenant_id, substr(created_at, 1, 10), instr('0123456789ABCDEF', substr(hex(user_id), 32, 1)) - 1, 0,
           (NEW.confirmed_at IS NOT NULL) - (OLD.confirmed_at IS NOT NULL)
    FROM membership WHERE user_id = NEW.user_id
    ON CONFLICT (tenant_id, day, slot) DO UPDATE SET secured = secured + excluded.secured;
END;
CREATE TRIGGER subscription_tallied_in AFTER INSERT ON subscription
BEGIN
    INSERT INTO subscription_tally (tenant_id, status, slot, subscriptions)
    VALUES (NEW.tenant_id, NEW.status, instr('0123456789ABCDEF', substr(hex(NEW.id), 32, 1)) - 1, 1)
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET subscriptions = subscriptions + excluded.subscriptions;
END;
CREATE TRIGGER subscription_tallied_out AFTER DELETE ON subscription
BEGIN
    INSERT INTO subscription_tally (tenant_id, status, slot, subscriptions)
    VALUES (OLD.tenant_id, OLD.status, instr('0123456789ABCDEF', substr(hex(OLD.id), 32, 1)) - 1, -1)
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET subscriptions = subscriptions + excluded.subscriptions;
END;
CREATE TRIGGER subscription_tallied_move AFTER UPDATE ON subscription WHEN OLD.status <> NEW.status
BEGIN
    INSERT INTO subscription_tally (tenant_id, status, slot, subscriptions)
    VALUES (OLD.tenant_id, OLD.status, instr('0123456789ABCDEF', substr(hex(OLD.id), 32, 1)) - 1, -1),
           (NEW.tenant_id, NEW.status, instr('0123456789ABCDEF', substr(hex(NEW.id), 32, 1)) - 1, 1)
    ON CONFLICT (tenant_id, status, slot) DO UPDATE SET subscriptions = subscriptions + excluded.subscriptions;
END;
";

fn down(dialect: &Dialect) -> String {
    let triggers = dialect.either(
        "DROP TRIGGER membership_tallied_in ON membership; DROP TRIGGER membership_tallied_out ON membership;
         DROP TRIGGER second_factor_tallied ON second_factor;
         DROP TRIGGER subscription_tallied_in ON subscription; DROP TRIGGER subscription_tallied_out ON subscription;
         DROP TRIGGER subscription_tallied_move ON subscription;
         DROP FUNCTION membership_tally(); DROP FUNCTION second_factor_tally(); DROP FUNCTION subscription_tally_in();
         DROP FUNCTION subscription_tally_out(); DROP FUNCTION subscription_tally_move();",
        "DROP TRIGGER membership_tallied_in; DROP TRIGGER membership_tallied_out;
         DROP TRIGGER second_factor_tallied_in; DROP TRIGGER second_factor_tallied_out;
         DROP TRIGGER second_factor_tallied_move; DROP TRIGGER subscription_tallied_in;
         DROP TRIGGER subscription_tallied_out; DROP TRIGGER subscription_tallied_move;",
    );
    format!("{triggers} DROP TABLE subscription_tally; DROP TABLE user_tally;")
}
