//! The parts of `--help` that teach.

pub(super) const INTRODUCTION: &str = "\
Ashlar: one backend a SaaS company starts from.

Without a word it serves and works: on a fresh machine it makes a data folder with keys, a SQLite database \
and demonstration data, and prints the addresses to open. Set ASHLAR_ENV=production for a real \
service; it then refuses to start until every unsafe setting is gone.";

pub(super) const SEE_MORE: &str = "\
Every setting is also a flag: see --help for all of them, with examples.";

pub(super) const GENERAL: &str = "\
Examples:
  ashlar                                     serve with the embedded defaults
  ashlar --listen 127.0.0.1:9000             … on another port
  ashlar doctor                              which settings are in force, and from where
  ashlar migrate up --database-url sqlite:a.db
  ASHLAR_ENV=production ashlar doctor        what production would refuse

Where the configuration comes from, each winning over those before it:
  1. the defaults of the profile (--env)
  2. a TOML file: ashlar.toml in the working folder, or the one of --config or ASHLAR_CONFIG;
     its keys are the flags with underscores, e.g. database_url = \"postgres://…\"
  3. environment variables: ASHLAR_DATABASE_URL; a secret also as ASHLAR_DATABASE_URL_FILE,
     the path of a file that holds it
  4. flags
A name that is no key is an error, wherever it stands.

Exit codes:
  0  done
  1  it failed, or doctor found something, or the server is not ready
  2  the command line or the configuration is wrong, and nothing was done; audit verify: it was tampered with
  3  import: it went to the end, and refused some rows; audit verify: events wait to be sealed";

pub(super) const SERVE: &str = "\
Examples:
  ashlar serve
  ashlar all --env production                serve and work in one process
  ashlar serve --listen 0.0.0.0:8080 --public-url https://api.example.com
  ashlar serve --demo=false --data-dir /var/lib/ashlar
  ASHLAR_DATABASE_URL_FILE=/run/secrets/database ashlar serve --env production

Ctrl-C and SIGTERM drain: the server reports itself as not ready, waits --drain-delay, takes no
new connections, and gives running requests --shutdown-timeout to finish.";

pub(super) const WORKER: &str = "\
Examples:
  ashlar worker --env production
  ashlar worker --job-concurrency 50 --admin-listen 127.0.0.1:9091

It moves events to jobs and runs jobs. Start as many as you like, on as many machines: no two run
the same job at the same time. SIGTERM: it takes no new jobs, gives running ones --shutdown-timeout
to finish, and returns the rest.

The embedded profile needs none: `ashlar serve` does it, and its database is for one process.";

pub(super) const SCHEDULER: &str = "\
Examples:
  ashlar scheduler --env production

It turns schedules into jobs when they are due. One is enough; of several, one fires.

The embedded profile needs none: `ashlar serve` does it, and its database is for one process.";

pub(super) const MAIL: &str = "\
Examples:
  ashlar mail test ada@example.org
  ASHLAR_MAIL_URL_FILE=/run/secrets/mail ashlar mail test ada@example.org

It waits until the other side has taken the message, ten seconds at most.";

pub(super) const MIGRATE: &str = "\
Examples:
  ashlar migrate status
  ashlar migrate up --database-url postgres://ashlar@localhost/ashlar
  ashlar migrate down --steps 2
  ashlar migrate down --all";

pub(super) const SEED: &str = "\
Examples:
  ashlar seed
  ashlar seed --database-url sqlite:demo.db

A database that holds users already is left as it is.";

pub(super) const IMPORT: &str = "\
Examples:
  ashlar import users --format django-json users.json --dry-run
  ashlar import users --format django-json users.json --grant-admin
  ashlar import users --format django-json --model accounts.user --output json dump.json
  ashlar import users --format node-json users.jsonl

django-json is what `manage.py dumpdata auth.user` prints. node-json is an array, or one object a
line, of {id, email, username?, name?, password_hash?, created_at?, last_login_at?, is_active?}.
People keep their passwords: PBKDF2, Argon2, scrypt and bcrypt are understood.

Rows that cannot be taken over are reported, with line and reason, and do not stop the rest; the
exit code is 3 then. Rows that were taken over before are left alone, so a run that was interrupted
is simply repeated. On SQLite stop the server first: its database is for one process.";

pub(super) const OPENAPI: &str = "\
Examples:
  ashlar openapi > openapi.json
  ashlar openapi --print problems
  ashlar openapi --print events";

pub(super) const DOCTOR: &str = "\
Examples:
  ashlar doctor
  ashlar doctor --json
  ASHLAR_ENV=production ashlar doctor && ashlar serve --env production

Passwords are starred. The exit code is 1 when a check fails, and in production also when a
setting is unsafe.";

pub(super) const USERS: &str = "\
Examples:
  ashlar users make-operator ops@example.org
  ashlar users revoke-operator ops@example.org
  ashlar users bootstrap-token               for the first administrator, good once, for a day

An operator opens, suspends and resumes tenants, and holds no power within one: an account that is
more than a member of a tenant is refused. The account has to be there already. A SQLite database is
for one process, so stop the server first.";

pub(super) const KEYS: &str = "\
Examples:
  ashlar keys list
  ashlar keys rotate
  ashlar keys rotate --emergency

Keys are exchanged every thirty days without this. --emergency is for a key that somebody else has:
running servers refuse its tokens within seconds, a minute at most, and people stay signed in, because
their refresh tokens go on. A SQLite database is for one process, so stop the server first, or use
POST /api/v1/admin/keys/rotate.";

pub(super) const AUDIT: &str = "\
Examples:
  ashlar audit verify
  ashlar audit verify --checkpoints /mnt/elsewhere/checkpoints --pubkey example.com+a1b2c3d4+AQ…
  ashlar audit checkpoint
  ashlar audit export --tenant 018f… > trail.ndjson
  ashlar audit export --format csv > trail.csv
  ashlar audit retain --dry-run

verify reads only, also beside a running server, and exits with 0 when everything is as it was sealed, with 2 \
when something was modified, deleted, inserted, reordered, forked, truncated or forged (it names the first such \
event of each tenant), and with 3 when events have waited for the sealer for more than a minute. It proves as \
much as the checkpoints and the key it is given: keep both where the owner of the database cannot write. \
checkpoint, and retain without --dry-run, need a database that no embedded server is using. retain deletes the \
bodies of which it was written down, sealed and signed that they expire, and writes down which are next.";

pub(super) const HEALTHCHECK: &str = "\
Examples:
  ashlar healthcheck
  ashlar healthcheck --url http://10.0.0.7:8080/health/live
  HEALTHCHECK CMD [\"ashlar\", \"healthcheck\"]        in a Dockerfile

It waits two seconds at most. A server that listens on 0.0.0.0 or [::] is asked over loopback.";

pub(super) const LEADS: &str = "\
Examples:
  ashlar leads import fair.csv
  ashlar leads import crm.csv.gz --mode upsert --on-conflict fill_blank --errors wrong.csv
  ashlar leads import liste.csv --map Rufnummer=phone_number --default source=event --dry-run
  ashlar leads export --columns full_name,email,status > leads.csv
  ashlar leads export --format jsonl --status won

It works directly on the database; with SQLite, stop the server first, or use the API. A file is CSV in UTF-8,
UTF-16 or Windows-1252, with commas, semicolons, bars or tabs. What an import has taken in stays when it is
interrupted; run it again, and those rows are skipped.";
