//! The table of every configuration key: the loader, the flags, `--help`, `ashlar doctor` and the
//! documentation all read it, so that none of them can say something else than the others.

use super::choice::{OnOff, Profile, Registration, SecondFactor};
use super::key::{Key, Kind};
use super::{audit_keys, blob_keys, device_keys, lead_keys, mail_keys, password_keys, report_keys};

const COUNT: Kind = Kind::Count { min: 1, max: 1_000_000 };
const LIFETIME: Kind = Kind::Duration { min: "1s", max: "3650d" };
const DATABASE_WAIT: Kind = Kind::Duration { min: "10ms", max: "1h" };
const REQUEST_WAIT: Kind = Kind::Duration { min: "100ms", max: "1h" };
const PAUSE: Kind = Kind::Duration { min: "0s", max: "10m" };
pub(super) const RATE: Kind = Kind::Other {
    placeholder: "RATE",
    accepts: "a number of requests and the time to regain them, such as 100/1m, or off",
};
const FOLDER: Kind = Kind::Other { placeholder: "FOLDER", accepts: "the path of a folder" };

/// Every key there is, in the order in which it is shown.
pub const KEYS: &[Key] = &[
    // --- profile ---
    Key::new(
        "env",
        "ASHLAR_ENV",
        "env",
        Kind::Choice(Profile::WORDS),
        "The runtime profile. `embedded` needs nothing installed; `production` refuses to start with an unsafe setting.",
    )
    .default("embedded")
    .under("Profile"),
    Key::new(
        "config",
        "ASHLAR_CONFIG",
        "config",
        Kind::Other {
            placeholder: "FILE",
            accepts: "the path of a TOML file",
        },
        "The configuration file. Without this key, `ashlar.toml` in the working folder is read if it is there.",
    )
    .under("Profile"),
    Key::new(
        "demo",
        "ASHLAR_DEMO",
        "demo",
        Kind::Switch,
        "Loads demonstration data into an empty database. Refused in production.",
    )
    .default("true")
    .in_production("false")
    .under("Profile"),
    // --- addresses ---
    Key::new(
        "listen",
        "ASHLAR_LISTEN",
        "listen",
        Kind::Other {
            placeholder: "ADDRESS",
            accepts: "an IP address with a port, such as 127.0.0.1:8080 or [::]:8080 (port 0 takes a free one)",
        },
        "The address of the public API.",
    )
    .default("127.0.0.1:8080")
    .under("Addresses"),
    Key::new(
        "admin_listen",
        "ASHLAR_ADMIN_LISTEN",
        "admin-listen",
        Kind::Other {
            placeholder: "ADDRESS",
            accepts: "an IP address with a port, such as 127.0.0.1:9090 (port 0 takes a free one), or off",
        },
        "The address of /metrics and of health in detail, for operators only: nobody is asked who they are there.",
    )
    .default("127.0.0.1:9090")
    .under("Addresses"),
    Key::new(
        "public_url",
        "ASHLAR_PUBLIC_URL",
        "public-url",
        Kind::Other {
            placeholder: "URL",
            accepts: "an http or https URL without user, query or fragment, such as https://api.example.com",
        },
        "How the world reaches this server: the base of links, and the issuer of tokens. https is required in production.",
    )
    .default("http://<listen>")
    .under("Addresses"),
    Key::new(
        "account_url",
        "ASHLAR_ACCOUNT_URL",
        "account-url",
        Kind::Other {
            placeholder: "URL",
            accepts: "an http or https URL without user, query or fragment, such as https://app.example.com/account; or nothing",
        },
        "Where the pages are that links in letters lead to, if a front end of yours has them: `verify-email`, \
         `reset-password` and `undo-email-change` below this URL, with `#token=…`, and `devices` for the letter about a new \
         device. Without it the pages of this server, \
         `/account/`. https is required in production.",
    )
    .default("")
    .under("Addresses"),
    // --- data ---
    Key::new(
        "data_dir",
        "ASHLAR_DATA_DIR",
        "data-dir",
        FOLDER,
        "The folder of everything the embedded profile keeps: database, keys, the demonstration accounts' password.",
    )
    .default("./ashlar-data")
    .under("Data"),
    Key::new(
        "database_url",
        "ASHLAR_DATABASE_URL",
        "database-url",
        Kind::Other {
            placeholder: "URL",
            accepts: "sqlite:path/to/file, or postgres://user:password@host:5432/database with ?sslmode=verify-full \
                      and further parameters of libpq",
        },
        "The database. Flags show in the process list: give a password by environment or by file.",
    )
    .default("sqlite:<data_dir>/ashlar.db")
    .secret()
    .under("Data"),
    Key::new(
        "database_pool",
        "ASHLAR_DATABASE_POOL",
        "database-pool",
        Kind::Count { min: 1, max: 1000 },
        "Connections to the database that one process may hold.",
    )
    .default("10")
    .under("Data"),
    Key::new(
        "database_acquire_timeout",
        "ASHLAR_DATABASE_ACQUIRE_TIMEOUT",
        "database-acquire-timeout",
        DATABASE_WAIT,
        "How long a request waits for a free connection before it is answered with 503.",
    )
    .default("2s")
    .under("Data"),
    Key::new(
        "statement_timeout",
        "ASHLAR_STATEMENT_TIMEOUT",
        "statement-timeout",
        DATABASE_WAIT,
        "How long one SQL statement may run.",
    )
    .default("5s")
    .under("Data"),
    Key::new(
        "lock_timeout",
        "ASHLAR_LOCK_TIMEOUT",
        "lock-timeout",
        DATABASE_WAIT,
        "How long one SQL statement may wait for a lock.",
    )
    .default("2s")
    .under("Data"),
    Key::new(
        "redis_url",
        "ASHLAR_REDIS_URL",
        "redis-url",
        Kind::Other {
            placeholder: "URL",
            accepts: "redis://:password@host:6379/0, or rediss:// for TLS",
        },
        "The Redis that all processes share for rate limits, ended sessions and what is remembered. Without it each process is alone. \
         Flags show in the process list: give a password by environment or by file.",
    )
    .default("")
    .secret()
    .under("Data"),
    Key::new(
        "job_concurrency",
        "ASHLAR_JOB_CONCURRENCY",
        "job-concurrency",
        Kind::Count { min: 1, max: 1000 },
        "Jobs that one process runs at the same time.",
    )
    .default("10")
    .under("Data"),
    blob_keys::BLOB_URL,
    blob_keys::BLOB_ACCESS_KEY,
    blob_keys::BLOB_SECRET_KEY,
    blob_keys::DISK_FREE_MIN,
    mail_keys::MAIL_URL,
    mail_keys::MAIL_FROM,
    mail_keys::NOTIFICATIONS_MAIL,
    lead_keys::CONTACT_MAIL,
    // --- accounts ---
    Key::new(
        "registration",
        "ASHLAR_REGISTRATION",
        "registration",
        Kind::Choice(Registration::WORDS),
        "Who may make an account: with `instant` anybody, at once; with `verify_first` anybody who proves by mail that \
         the address is theirs, and nobody learns who has an account; with `closed` nobody.",
    )
    .default("instant")
    .in_production("verify_first")
    .under("Accounts and tokens"),
    Key::new(
        "require_verified_email",
        "ASHLAR_REQUIRE_VERIFIED_EMAIL",
        "require-verified-email",
        Kind::Switch,
        "Lets people in only after they have proved that their address is theirs. With `verify_first` everybody has.",
    )
    .default("false")
    .under("Accounts and tokens"),
    Key::new(
        "second_factor",
        "ASHLAR_SECOND_FACTOR",
        "second-factor",
        Kind::Choice(SecondFactor::WORDS),
        "Who has to have a second factor: with `optional` nobody, with `required_for_admin_and_staff` administrators, staff \
         and operators, with `required` everybody. Whoever has none sets one up at the next sign-in; until then a session \
         that goes on may do no more than that.",
    )
    .default("optional")
    .under("Accounts and tokens"),
    device_keys::DEVICE_POLICY,
    device_keys::MAX_DEVICES,
    device_keys::DEVICE_OVERFLOW,
    device_keys::DEVICE_TRANSFERS,
    password_keys::PASSWORD_PEPPER,
    password_keys::JWT_ALG,
    Key::new(
        "keys_dir",
        "ASHLAR_KEYS_DIR",
        "keys-dir",
        FOLDER,
        "The folder of the root key. The embedded profile makes it on the first start; production never does.",
    )
    .default("<data_dir>/keys")
    .under("Accounts and tokens"),
    Key::new(
        "access_ttl",
        "ASHLAR_ACCESS_TTL",
        "access-ttl",
        Kind::Duration {
            min: "1s",
            max: "24h",
        },
        "How long an access token is valid.",
    )
    .default("15m")
    .under("Accounts and tokens"),
    Key::new(
        "refresh_idle",
        "ASHLAR_REFRESH_IDLE",
        "refresh-idle",
        LIFETIME,
        "How long a session lives without being refreshed.",
    )
    .default("7d")
    .under("Accounts and tokens"),
    Key::new(
        "refresh_absolute",
        "ASHLAR_REFRESH_ABSOLUTE",
        "refresh-absolute",
        LIFETIME,
        "How long a session lives at most, however often it is refreshed.",
    )
    .default("30d")
    .under("Accounts and tokens"),
    Key::new(
        "refresh_grace",
        "ASHLAR_REFRESH_GRACE",
        "refresh-grace",
        Kind::Duration {
            min: "0s",
            max: "5m",
        },
        "How long a refresh token that was just replaced is still answered, for clients that refresh twice at once.",
    )
    .default("10s")
    .under("Accounts and tokens"),
    Key::new(
        "hash_threads",
        "ASHLAR_HASH_THREADS",
        "hash-threads",
        Kind::Count { min: 1, max: 1024 },
        "Threads that hash passwords. Each one keeps 19 MiB of memory.",
    )
    .default("<cores>")
    .under("Accounts and tokens"),
    lead_keys::PHONE_REGION,
    lead_keys::ALLOWED_DOMAINS,
    lead_keys::FORMER_ROOT_KEYS,
    // --- http ---
    Key::new(
        "cors_origins",
        "ASHLAR_CORS_ORIGINS",
        "cors-origins",
        Kind::Other {
            placeholder: "LIST",
            accepts: "origins separated by commas, such as https://app.example.com, or * alone",
        },
        "The origins whose scripts may call the API from a browser.",
    )
    .under("HTTP"),
    Key::new(
        "trusted_proxies",
        "ASHLAR_TRUSTED_PROXIES",
        "trusted-proxies",
        Kind::Other {
            placeholder: "LIST",
            accepts: "addresses or networks separated by commas, such as 10.0.0.0/8, ::1",
        },
        "The proxies whose X-Forwarded-For and Forwarded headers are believed.",
    )
    .under("HTTP"),
    Key::new(
        "body_limit",
        "ASHLAR_BODY_LIMIT",
        "body-limit",
        Kind::Size {
            min: "1KiB",
            max: "1GiB",
        },
        "The largest request body; a larger one is answered with 413.",
    )
    .default("1MiB")
    .under("HTTP"),
    Key::new(
        "request_timeout",
        "ASHLAR_REQUEST_TIMEOUT",
        "request-timeout",
        REQUEST_WAIT,
        "How long the answer to one request may take.",
    )
    .default("30s")
    .under("HTTP"),
    Key::new(
        "header_read_timeout",
        "ASHLAR_HEADER_READ_TIMEOUT",
        "header-read-timeout",
        REQUEST_WAIT,
        "How long a client may take to send the head of a request.",
    )
    .default("5s")
    .under("HTTP"),
    Key::new(
        "keep_alive",
        "ASHLAR_KEEP_ALIVE",
        "keep-alive",
        PAUSE,
        "How long an idle connection is kept open; 0s closes it after each answer.",
    )
    .default("15s")
    .under("HTTP"),
    Key::new(
        "max_connections",
        "ASHLAR_MAX_CONNECTIONS",
        "max-connections",
        COUNT,
        "Connections that one process keeps open.",
    )
    .default("25000")
    .under("HTTP"),
    Key::new(
        "max_connections_per_ip",
        "ASHLAR_MAX_CONNECTIONS_PER_IP",
        "max-connections-per-ip",
        COUNT,
        "Connections that one client address may keep open.",
    )
    .default("256")
    .under("HTTP"),
    Key::new(
        "drain_delay",
        "ASHLAR_DRAIN_DELAY",
        "drain-delay",
        PAUSE,
        "How long to go on serving after SIGTERM, already reported as not ready, so that load balancers notice.",
    )
    .default("0s")
    .in_production("5s")
    .under("HTTP"),
    Key::new(
        "shutdown_timeout",
        "ASHLAR_SHUTDOWN_TIMEOUT",
        "shutdown-timeout",
        PAUSE,
        "How long running requests and jobs may take to finish at shutdown, after the drain delay; jobs half of it.",
    )
    .default("25s")
    .under("HTTP"),
    // --- rate limits ---
    Key::new(
        "rate_limits",
        "ASHLAR_RATE_LIMITS",
        "rate-limits",
        Kind::Choice(OnOff::WORDS),
        "Whether requests are counted at all. `off` is for benchmarks and refused in production.",
    )
    .default("on")
    .under("Rate limits"),
    Key::new(
        "rate_limit_ip_burst",
        "ASHLAR_RATE_LIMIT_IP_BURST",
        "rate-limit-ip-burst",
        RATE,
        "Anonymous requests of one address (IPv6: of one /64), requests with bad credentials among them.",
    )
    .default("100/1m")
    .under("Rate limits"),
    Key::new(
        "rate_limit_user",
        "ASHLAR_RATE_LIMIT_USER",
        "rate-limit-user",
        RATE,
        "Requests of one user.",
    )
    .default("1000/1h")
    .under("Rate limits"),
    Key::new(
        "rate_limit_auth",
        "ASHLAR_RATE_LIMIT_AUTH",
        "rate-limit-auth",
        RATE,
        "Sign-ins of one address to one account, and registrations of one address with one e-mail address.",
    )
    .default("5/1m")
    .under("Rate limits"),
    Key::new(
        "rate_limit_refresh",
        "ASHLAR_RATE_LIMIT_REFRESH",
        "rate-limit-refresh",
        RATE,
        "Refreshes of one session.",
    )
    .default("30/1m")
    .under("Rate limits"),
    Key::new(
        "rate_limit_mail",
        "ASHLAR_RATE_LIMIT_MAIL",
        "rate-limit-mail",
        RATE,
        "Letters that strangers can have sent to one e-mail address: new passwords, verifications.",
    )
    .default("3/1h")
    .under("Rate limits"),
    Key::new(
        "rate_limit_form",
        "ASHLAR_RATE_LIMIT_FORM",
        "rate-limit-form",
        RATE,
        "Forms of web pages, contact messages and wishes about the newsletter, each, that one address sends (IPv6: one /64).",
    )
    .default("10/1h")
    .under("Rate limits"),
    lead_keys::RATE_LIMIT_UPLOAD,
    Key::new(
        "stuffing_brake",
        "ASHLAR_STUFFING_BRAKE",
        "stuffing-brake",
        Kind::Choice(OnOff::WORDS),
        "Whether an address that fails to sign in to 20 different accounts within ten minutes is left one attempt a minute for \
         an hour. Turn it off where very many people share one address.",
    )
    .default("on")
    .under("Rate limits"),
    // --- audit ---
    audit_keys::CHECKPOINT_DIR,
    audit_keys::CHECKPOINT_INTERVAL,
    audit_keys::RETENTION_SECURITY,
    audit_keys::RETENTION_BILLING,
    audit_keys::RETENTION_CONTENT,
    // --- logs and errors ---
    report_keys::LOG,
    report_keys::LOG_FORMAT,
    report_keys::LOG_FILE,
    report_keys::LOG_FILE_SIZE,
    report_keys::LOG_FILE_COUNT,
    report_keys::SENTRY_DSN,
];

/// Keys of later versions. They are refused by name: who sets one expects an effect.
pub(super) const NOT_YET: &[&str] = &["static_dir", "stripe_secret_key", "stripe_webhook_secret", "stripe_api_base"];

/// The key of this name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
