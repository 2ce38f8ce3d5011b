//! Whatever happens to the rows, in whatever order: the numbers are what one would count.

use ashlar_admin::{NumberStore, Numbers};
use ashlar_kernel::{Id, TenantId};
use ashlar_sql::SqlStore;
use sqlx::{Executor, PgConnection, Row, SqliteConnection};
use uuid::Uuid;

use crate::support::{PostgresDatabase, SqliteFile, noon, store_on};

/// Enough for each sort of thing to happen many times.
const STEPS: u32 = 400;
const PEOPLE: u64 = 24;
const SUBSCRIPTIONS: u64 = 24;
const STATUSES: [&str; 4] = ["pending", "expired", "unsubscribed", "bounced"];

/// Dice that fall the same way each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// How a database writes an id.
type Literal = fn(Uuid) -> String;

fn other() -> TenantId {
    Id::from_uuid(Uuid::from_u128(0x77))
}

fn person(number: u64) -> Uuid {
    // Numbers are spread over the slots.
    Uuid::from_u128(0x1000 + u128::from(number))
}

fn subscription(number: u64) -> Uuid {
    Uuid::from_u128(0x2000 + u128::from(number))
}

fn day(days_ago: u64) -> String {
    let days = i64::try_from(days_ago).unwrap();
    (noon() - chrono::TimeDelta::days(days)).to_rfc3339()
}

/// A byte, as either database writes it.
fn secret(id: Literal) -> &'static str {
    if id(Uuid::nil()).starts_with('x') { "x'00'" } else { "'\\x00'" }
}

/// Who and what has to be there first.
fn furniture(id: Literal) -> Vec<String> {
    let (main, other, at) = (id(TenantId::MAIN.as_uuid()), id(other().as_uuid()), day(0));
    let mut sql = vec![
        format!(
            "INSERT INTO tenant (id, slug, name, created_at, updated_at, version) \
             VALUES ({other}, 'other', 'Other', '{at}', '{at}', 1)"
        ),
        format!(
            "INSERT INTO mailing_list (id, tenant_id, slug, name, opt_in, visibility, created_at) \
             VALUES ({main}, {main}, 'tally', 'Tally', 'single', 'private', '{at}')"
        ),
    ];
    sql.extend((0..PEOPLE).map(|number| {
        let user = id(person(number));
        format!(
            "INSERT INTO \"user\" (id, tenant_id, email, email_key, password_hash, status, created_at, updated_at, \
             version) VALUES ({user}, {main}, 'p{number}@x.example', 'p{number}@x.example', 'x', 'active', '{at}', \
             '{at}', 1)"
        )
    }));
    sql
}

/// Something that happens to the rows. Some of it finds nothing to happen to.
fn step(dice: &mut Dice, id: Literal) -> String {
    let main = TenantId::MAIN.as_uuid();
    let tenant = id(if dice.below(2) == 0 { main } else { other().as_uuid() });
    let (who, at) = (dice.below(PEOPLE), day(dice.below(45)));
    let user = id(person(who));
    let what = dice.below(SUBSCRIPTIONS);
    let subscription_id = id(subscription(what));
    let status = STATUSES[usize::try_from(dice.below(4)).unwrap()];
    let main = id(main);
    match dice.below(12) {
        0..=2 => format!(
            "INSERT INTO membership (id, tenant_id, user_id, role, created_at, updated_at, version) \
             SELECT {user}, {tenant}, {user}, 'member', '{at}', '{at}', 1 \
             WHERE NOT EXISTS (SELECT 1 FROM membership WHERE user_id = {user})"
        ),
        3 => format!("DELETE FROM membership WHERE user_id = {user}"),
        4 => format!("DELETE FROM membership WHERE created_at < '{at}' AND tenant_id = {tenant}"),
        5 => format!("UPDATE membership SET role = 'staff' WHERE tenant_id = {tenant}"),
        6 => format!(
            "INSERT INTO second_factor (user_id, secret, pending_until, tries_left, codes, created_at, version) \
             SELECT {user}, {secret}, '{at}', 5, '[]', '{at}', 1 \
             WHERE NOT EXISTS (SELECT 1 FROM second_factor WHERE user_id = {user})",
            secret = secret(id)
        ),
        7 | 8 => format!(
            "UPDATE second_factor SET pending_until = NULL, tries_left = NULL, confirmed_at = '{at}', last_step = 1 \
             WHERE user_id = {user}"
        ),
        9 => format!("DELETE FROM second_factor WHERE user_id = {user}"),
        10 => format!(
            "INSERT INTO subscription (id, tenant_id, list_id, email, email_key, status, evidence, asked_at, \
             bounce_soft, bounce_hard, created_at, updated_at, version) \
             SELECT {subscription_id}, {main}, {main}, 'x', '{subscription}', '{status}', '{{}}', '{at}', 0, 0, '{at}', \
             '{at}', 1 WHERE NOT EXISTS (SELECT 1 FROM subscription WHERE id = {subscription_id})",
            subscription = subscription(what)
        ),
        _ if dice.below(3) == 0 => format!("DELETE FROM subscription WHERE id = {subscription_id}"),
        _ => format!("UPDATE subscription SET status = '{status}' WHERE id <> {subscription_id}"),
    }
}

/// What one would count.
fn counts(tenant: TenantId, id: Literal) -> [String; 4] {
    let tenant = id(tenant.as_uuid());
    let of = |more: &str| format!("SELECT COUNT(*) FROM membership AS m WHERE m.tenant_id = {tenant}{more}");
    let since = |days: u64| {
        let midnight = day(days).replace("T12:00:00", "T00:00:00");
        of(&format!(" AND m.created_at >= '{midnight}'"))
    };
    let secured =
        " AND EXISTS (SELECT 1 FROM second_factor AS f WHERE f.user_id = m.user_id AND f.confirmed_at IS NOT NULL)";
    [of(""), since(6), since(29), of(secured)]
}

fn tallied(numbers: &Numbers) -> [u64; 4] {
    let users = numbers.users;
    [users.total, users.new_7_days, users.new_30_days, users.with_second_factor]
}

/// A connection that goes past the store.
trait Past {
    async fn run(&mut self, sql: String);
    async fn count(&mut self, sql: String) -> u64;
}

macro_rules! past {
    ($connection:ty) => {
        impl Past for $connection {
            async fn run(&mut self, sql: String) {
                let done = self.execute(sqlx::AssertSqlSafe(sql.clone())).await;
                done.unwrap_or_else(|error| panic!("{sql}: {error}"));
            }

            async fn count(&mut self, sql: String) -> u64 {
                let row = self.fetch_one(sqlx::AssertSqlSafe(sql)).await.unwrap();
                u64::try_from(row.get::<i64, _>(0)).unwrap()
            }
        }
    };
}

past!(SqliteConnection);
past!(PgConnection);

async fn follow(store: &SqlStore, mut connection: impl Past, id: Literal) {
    for sql in furniture(id) {
        connection.run(sql).await;
    }
    let (mut dice, mut people, mut secured) = (Dice(7), 0, 0);
    for number in 0..STEPS {
        let sql = step(&mut dice, id);
        connection.run(sql.clone()).await;
        if number % 10 != 9 {
            continue;
        }
        for tenant in [TenantId::MAIN, other()] {
            let numbers = store.numbers(tenant, noon()).await.unwrap();
            let mut counted = [0; 4];
            for (place, sql) in counted.iter_mut().zip(counts(tenant, id)) {
                *place = connection.count(sql).await;
            }
            assert_eq!(tallied(&numbers), counted, "after step {number}: {sql}");
            people = people.max(counted[0]);
            secured = secured.max(counted[3]);
        }
        let numbers = store.numbers(TenantId::MAIN, noon()).await.unwrap();
        for status in STATUSES {
            let sql = format!("SELECT COUNT(*) FROM subscription WHERE status = '{status}'");
            let counted = connection.count(sql).await;
            assert_eq!(numbers.newsletter.get(status).copied().unwrap_or(0), counted, "after step {number}: {status}");
        }
    }
    assert!(people > 3 && secured > 1, "{people} people at most, {secured} with a second factor; seed 7");
}

const LEAD_STATUSES: [&str; 3] = ["new", "won", "lost"];

/// Something that happens to the rows of leads by day and kind.
fn step_of_leads(dice: &mut Dice, id: Literal) -> String {
    let tenant = id(if dice.below(2) == 0 { TenantId::MAIN } else { other() }.as_uuid());
    let day = format!("2030-01-0{}", 1 + dice.below(5));
    let mut any = || LEAD_STATUSES[usize::try_from(dice.below(3)).unwrap()];
    let (one, other) = (any(), any());
    match dice.below(8) {
        0 => format!("DELETE FROM lead_tally WHERE day = '{day}' AND tenant_id = {tenant}"),
        1 => format!("UPDATE lead_tally SET leads = leads - 1 WHERE leads > 0 AND day = '{day}'"),
        2 => format!(
            "UPDATE lead_tally SET status = '{one}' WHERE status = '{other}' AND NOT EXISTS (SELECT 1 FROM lead_tally \
             AS there WHERE there.tenant_id = lead_tally.tenant_id AND there.day = lead_tally.day AND there.slot = \
             lead_tally.slot AND there.status = '{one}')"
        ),
        _ => format!(
            "INSERT INTO lead_tally (tenant_id, day, status, source, category, slot, leads) VALUES \
             ({tenant}, '{day}', '{one}', 'web', '', 0, {}), ({tenant}, '{day}', '{other}', 'web', '', 1, 2), \
             ({tenant}, '{day}', '{one}', 'web', '', 2, 1) \
             ON CONFLICT (tenant_id, day, status, source, category, slot) \
             DO UPDATE SET leads = lead_tally.leads + excluded.leads",
            dice.below(4)
        ),
    }
}

async fn leads_add_up(store: &SqlStore, connection: &mut impl Past, id: Literal, when: &str) -> u64 {
    let mut all = 0;
    for tenant in [TenantId::MAIN, other()] {
        let numbers = store.numbers(tenant, noon()).await.unwrap();
        for status in LEAD_STATUSES {
            let sql = format!(
                "SELECT CAST(COALESCE(SUM(leads), 0) AS bigint) FROM lead_tally WHERE status = '{status}' AND tenant_id = {}",
                id(tenant.as_uuid())
            );
            let counted = connection.count(sql).await;
            assert_eq!(numbers.leads.get(status).copied().unwrap_or(0), counted, "{when}: {status}");
            all += counted;
        }
    }
    all
}

async fn follow_leads(store: &SqlStore, mut connection: impl Past, id: Literal) {
    connection.run(furniture(id).swap_remove(0)).await;
    let (mut dice, mut most) = (Dice(11), 0);
    for number in 0..STEPS {
        let sql = step_of_leads(&mut dice, id);
        connection.run(sql.clone()).await;
        if number % 5 == 4 {
            most = most.max(leads_add_up(store, &mut connection, id, &format!("after step {number}: {sql}")).await);
        }
    }
    assert!(most > 10, "{most} leads at most; seed 11");
}

#[tokio::test]
async fn leads_by_status_are_those_of_all_days_on_sqlite() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    follow_leads(&store, file.connection().await, |id| format!("x'{}'", id.simple())).await;
}

/// Of the steps only those that take one row after the other in the same order.
async fn write_leads(mut connection: PgConnection, seed: u64) {
    let mut dice = Dice(seed);
    for _ in 0..40 {
        let sql = format!(
            "INSERT INTO lead_tally (tenant_id, day, status, source, category, slot, leads) \
             VALUES ('{}', '2030-01-01', '{}', 'web', '', {}, 1) \
             ON CONFLICT (tenant_id, day, status, source, category, slot) \
             DO UPDATE SET leads = lead_tally.leads + excluded.leads",
            TenantId::MAIN.as_uuid(),
            LEAD_STATUSES[usize::try_from(dice.below(3)).unwrap()],
            dice.below(3),
        );
        connection.run(sql).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_by_status_are_those_of_all_days_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let store = store_on(database.options()).await;
    let id: Literal = |id| format!("'{id}'");
    follow_leads(&store, database.connection().await, id).await;

    let mut writers = Vec::new();
    for number in 0..8 {
        writers.push(tokio::spawn(write_leads(database.connection().await, number)));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    leads_add_up(&store, &mut database.connection().await, id, "after the race").await;
}

#[tokio::test]
async fn numbers_are_what_one_would_count_on_sqlite() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    follow(&store, file.connection().await, |id| format!("x'{}'", id.simple())).await;
}

#[tokio::test]
async fn numbers_are_what_one_would_count_on_postgres() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let store = store_on(database.options()).await;
    follow(&store, database.connection().await, |id| format!("'{id}'")).await;
}
