//! The whole product in process.

use std::{net::TcpListener, num::NonZeroU16, sync::Arc, time::Duration};

use actix_web::{HttpServer, dev::ServerHandle, web::ServiceConfig};
use ashlar_crypto::{Argon2Options, Argon2Params, HashObserver};
use ashlar_identity::{Identity, SessionId, UserId, port::IdentityStore};
use ashlar_kernel::{Clock, Context, EventLog, EventRecord, IdSource, LogReader, RequestId, TenantId};
use ashlar_leads::newsletter::Newsletter;
use ashlar_memory::{ManualClock, SeededEntropy};
use ashlar_server::{
    compose::{Product, World, compose},
    config::{Config, Inputs},
    http::{self, AppState},
};
use ashlar_sql::{Observer, SqlStore};
use chrono::TimeDelta;
use tempfile::TempDir;

use crate::{Client, Database, database::OwnDatabase, leaks};

/// When every journey begins.
pub const NOON: &str = "2030-01-01T12:00:00Z";

/// How a product is set up for a test.
pub struct Setup {
    database: Database,
    environment: Vec<(String, String)>,
    state: Box<dyn FnOnce(&mut AppState) + Send>,
    routes: Option<fn(&mut ServiceConfig)>,
    statements: Option<Observer>,
    hashes: Option<HashObserver>,
}

impl Setup {
    /// As `cargo run` would, on a database of its own, but without demonstration data and with the fast signature.
    pub fn on(database: Database) -> Self {
        let environment = [
            ("ASHLAR_DEMO", "false"),
            ("ASHLAR_JWT_ALG", "EdDSA"),
            ("ASHLAR_LISTEN", "127.0.0.1:0"),
            // Journeys ask more often than people do.
            ("ASHLAR_RATE_LIMIT_IP_BURST", "3600000/1h"),
            ("ASHLAR_RATE_LIMIT_USER", "3600000/1h"),
            ("ASHLAR_RATE_LIMIT_AUTH", "3600000/1h"),
            ("ASHLAR_RATE_LIMIT_REFRESH", "3600000/1h"),
            ("ASHLAR_RATE_LIMIT_MAIL", "3600000/1h"),
            ("ASHLAR_RATE_LIMIT_FORM", "3600000/1h"),
            ("ASHLAR_RATE_LIMIT_UPLOAD", "3600000/1h"),
            ("ASHLAR_STUFFING_BRAKE", "off"),
            // On a busy machine forty clients at once may well wait longer than one should.
            ("ASHLAR_DATABASE_ACQUIRE_TIMEOUT", "2m"),
            ("ASHLAR_LOCK_TIMEOUT", "2m"),
            ("ASHLAR_STATEMENT_TIMEOUT", "2m"),
            ("ASHLAR_REQUEST_TIMEOUT", "5m"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { database, environment, state: Box::new(|_| {}), routes: None, statements: None, hashes: None }
    }

    /// The same with an environment variable set.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a state that `change` has changed.
    #[must_use]
    pub fn change(self, change: impl FnOnce(&mut AppState) + Send + 'static) -> Self {
        Self { state: Box::new(change), ..self }
    }

    /// The same with further routes, inside all the layers of the product.
    #[must_use]
    pub fn routes(self, routes: fn(&mut ServiceConfig)) -> Self {
        Self { routes: Some(routes), ..self }
    }

    /// The same with somebody who is told of each SQL statement.
    #[must_use]
    pub fn watched_by(self, observer: Observer) -> Self {
        Self { statements: Some(observer), ..self }
    }

    /// The same with somebody who is told of each password hash.
    #[must_use]
    pub fn counting(self, observer: HashObserver) -> Self {
        Self { hashes: Some(observer), ..self }
    }

    /// Starts it on a free port.
    pub async fn start(self) -> TestApp {
        leaks::keep_the_log();
        let folder = tempfile::tempdir().unwrap();
        let database = self.database.create(folder.path()).await;
        let own = [
            ("ASHLAR_DATA_DIR".to_owned(), folder.path().join("data").display().to_string()),
            ("ASHLAR_DATABASE_URL".to_owned(), database.url()),
        ];
        let environment = own.into_iter().chain(self.environment).collect();
        let inputs = Inputs { environment, folder: folder.path().to_owned(), ..Inputs::default() };
        let config = Config::load(&inputs).unwrap_or_else(|problems| panic!("{problems}"));
        let listener = TcpListener::bind(config.listen).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let config = config.bound_to(address);

        let clock = Arc::new(ManualClock::at(NOON));
        let Product { mut state, store, .. } =
            compose(&config, World { statements: self.statements, hashes: self.hashes, ..world(Arc::clone(&clock)) })
                .await
                .unwrap();
        (self.state)(&mut state);
        let (identity, newsletter, transfers, leads) =
            (state.identity.clone(), state.newsletter.clone(), state.transfers.clone(), state.leads.clone());
        let ids = Arc::clone(&state.ids);
        let server = match self.routes {
            None => http::server(listener, state, &config).unwrap(),
            Some(routes) => {
                let origins = config.http.cors_origins.clone();
                let server = HttpServer::new(move || http::app_with(state.clone(), &origins, routes));
                server.workers(1).disable_signals().listen(listener).unwrap().run()
            }
        };
        let handle = server.handle();
        drop(tokio::spawn(server));
        let client = Client::new(address);
        TestApp {
            client,
            clock,
            store,
            identity,
            transfers,
            leads,
            newsletter,
            ids,
            config,
            server: handle,
            database,
            folder,
        }
    }
}

/// A clock that stands still, ids and keys that follow from a seed, and hashes that cost next to nothing.
fn world(clock: Arc<ManualClock>) -> World {
    let hashing = Argon2Options {
        params: Argon2Params::new(64, 1, 1).unwrap(),
        threads: NonZeroU16::new(2).unwrap(),
        queue: 1_000,
        wait: Duration::from_mins(2),
    };
    World { clock, entropy: Arc::new(SeededEntropy::new(20_300_101)), hashing, statements: None, hashes: None }
}

/// The product, running.
pub struct TestApp {
    /// Speaks to it.
    pub client: Client,
    /// Its time.
    pub clock: Arc<ManualClock>,
    /// Its database, as the ports of the domain.
    pub store: SqlStore,
    /// Its accounts, past HTTP.
    pub identity: Identity,
    /// Leads that come and go in files, as workers have them.
    pub transfers: ashlar_leads::Transfers,
    /// Its leads, past HTTP.
    pub leads: ashlar_leads::Leads,
    /// Its mailing lists, past HTTP.
    pub newsletter: Newsletter,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// How it is configured.
    pub config: Config,
    server: ServerHandle,
    database: OwnDatabase,
    folder: TempDir,
}

impl TestApp {
    /// Starts the product as [`Setup::on`] sets it up.
    pub async fn start(database: Database) -> Self {
        Setup::on(database).start().await
    }

    /// Lets time pass.
    pub fn advance(&self, step: TimeDelta) {
        self.clock.advance(step);
    }

    /// Every event in the log, in the order they were written.
    pub async fn events(&self) -> Vec<EventRecord> {
        self.store.pending(LogReader::Seal, 100_000).await.unwrap()
    }

    /// The client's address, as it stands beside an event.
    pub async fn address_of(&self, event: &EventRecord) -> Option<String> {
        let entry = ashlar_audit::log::AuditStore::event(&self.store, event.tenant, event.id, true).await.unwrap();
        entry.and_then(|entry| entry.ip()).map(|ip| ip.to_string())
    }

    /// The names of the events of one request.
    pub async fn names(&self, request: &str) -> Vec<String> {
        let events = self.events().await;
        events.into_iter().filter(|event| event.request_id == request).map(|event| event.name).collect()
    }

    /// Shuts an account, as an administrator will be able to.
    pub async fn disable(&self, user: &str) {
        let context = self.system();
        let mut tx = self.store.begin(&context).await.unwrap();
        let user = tx.user(user.parse::<UserId>().unwrap()).await.unwrap().expect("the account");
        tx.update_user(user.disable(context.now).expect("an active account")).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Whether a session could still be refreshed.
    pub async fn is_alive(&self, session: &str) -> bool {
        let found = self.store.session(session.parse::<SessionId>().unwrap()).await.unwrap();
        found.expect("the session").session.is_alive(self.clock.now())
    }

    /// Adds a tenant.
    pub async fn add_tenant(&self, id: u128, slug: &str) -> TenantId {
        let id = uuid::Uuid::from_u128(id);
        let literal = match self.database {
            OwnDatabase::Sqlite(_) => format!("x'{}'", id.simple()),
            OwnDatabase::Postgres(_) => format!("'{id}'"),
        };
        let columns = "id, slug, name, created_at, updated_at, version";
        // Moments are those of the row that is there, in whatever form this database keeps them.
        let sql = format!(
            "INSERT INTO tenant ({columns}) SELECT {literal}, '{slug}', '{slug}', created_at, updated_at, 1 FROM \
             tenant WHERE slug = 'main'"
        );
        self.database.execute(&sql).await;
        TenantId::from_uuid(id)
    }

    /// Runs a statement past the product.
    pub async fn execute(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// Everything the database holds, as text.
    pub async fn dump(&self) -> String {
        self.database.dump().await
    }

    /// The product itself, as whoever asks.
    pub fn system(&self) -> Context {
        Context::system("test", TenantId::MAIN, RequestId::parse("by-port").unwrap(), self.clock.now())
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Stopping begins with the call; nobody waits for the end.
        drop(self.server.stop(false));
        if !std::thread::panicking() {
            leaks::insist_on_none(self.folder.path());
        }
    }
}
