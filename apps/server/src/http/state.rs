//! What every request can reach.

use std::{net::IpAddr, sync::Arc};

use ashlar_admin::{Dashboard, Notifications, SystemLog};
use ashlar_audit::log::AuditLog;
use ashlar_identity::Identity;
use ashlar_jobs::Desk;
use ashlar_kernel::{Cache, CacheOutcome, Clock, IdSource};
use ashlar_leads::{Leads, Transfers, newsletter::Newsletter};
use ipnet::IpNet;

use super::{Health, fallback::RouteTable, idempotency::Requests, middleware::Load};
use crate::{denials::Denials, limits::RateLimits, telemetry::metrics::Metrics, tenants::Tenants};

/// What every request can reach: the services, and how this process answers. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Accounts, passwords, sessions and tokens.
    pub identity: Identity,
    /// People who may become customers.
    pub leads: Leads,
    /// Leads that come and go in files.
    pub transfers: Transfers,
    /// Mailing lists, and who is on them.
    pub newsletter: Newsletter,
    /// What happened.
    pub audit: AuditLog,
    /// Jobs and schedules.
    pub desk: Desk,
    /// What needs somebody's attention.
    pub notifications: Notifications,
    /// The numbers of tenants.
    pub dashboard: Dashboard,
    /// Warnings and errors of the installation.
    pub system_log: SystemLog,
    /// Tenants by their short names.
    pub tenants: Tenants,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids for requests.
    pub ids: Arc<dyn IdSource>,
    /// Whether this process can work.
    pub health: Health,
    /// Whose word about a client's address is believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// Whether clients reach this process by https, so that browsers may be told to insist on it.
    pub https: bool,
    /// The origin of this server's own pages.
    pub origin: Arc<str>,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// What a request may cost, and how much is in progress.
    pub load: Load,
    /// How often who may ask.
    pub limits: RateLimits,
    /// Who remembers requests that clients gave a name.
    pub requests: Requests,
    /// Who was denied what.
    pub denials: Denials,
    /// What this process counts.
    pub metrics: Metrics,
    /// The description of the API, rendered once.
    pub openapi: Arc<str>,
    /// Which paths exist with which methods.
    pub(crate) routes: Arc<RouteTable>,
}

impl AppState {
    /// Whether `peer` may say for whom it asks.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}

/// How this process answers; the rest of an [`AppState`] follows from it.
pub struct Manner {
    /// Whose word about a client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether clients reach this process by https.
    pub https: bool,
    /// The origin of this server's own pages.
    pub origin: String,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// What a request may cost.
    pub load: Load,
    /// How often who may ask.
    pub limits: RateLimits,
    /// Who remembers requests that clients gave a name.
    pub requests: Requests,
    /// What is remembered instead of being asked for again.
    pub cache: Arc<dyn Cache>,
    /// What this process counts and measures.
    pub metrics: Metrics,
}

/// The use cases that the endpoints call.
pub struct Services {
    /// Accounts, sessions, tenants.
    pub identity: Identity,
    /// People who may become customers.
    pub leads: Leads,
    /// Leads that come and go in files.
    pub transfers: Transfers,
    /// Mailing lists, and who is on them.
    pub newsletter: Newsletter,
    /// What happened.
    pub audit: AuditLog,
    /// Jobs and schedules.
    pub desk: Desk,
    /// What needs somebody's attention.
    pub notifications: Notifications,
    /// The numbers of tenants.
    pub dashboard: Dashboard,
    /// Warnings and errors of the installation.
    pub system_log: SystemLog,
}

impl AppState {
    /// Puts the state together.
    pub fn new(
        services: Services,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        health: Health,
        manner: Manner,
    ) -> Result<Self, serde_json::Error> {
        let description = super::openapi::describe();
        let metrics = manner.metrics;
        let watch = {
            let metrics = metrics.clone();
            move |cache, outcome: CacheOutcome| metrics.cache_asked(cache, outcome.as_str())
        };
        let tenants = Tenants::new(services.identity.clone(), manner.cache, Arc::clone(&clock), watch);
        Ok(Self {
            identity: services.identity,
            leads: services.leads,
            transfers: services.transfers,
            newsletter: services.newsletter,
            audit: services.audit,
            desk: services.desk,
            notifications: services.notifications,
            dashboard: services.dashboard,
            system_log: services.system_log,
            tenants,
            clock,
            ids,
            health,
            trusted_proxies: manner.trusted_proxies.into(),
            https: manner.https,
            origin: manner.origin.into(),
            body_limit: manner.body_limit,
            load: manner.load,
            limits: manner.limits,
            requests: manner.requests,
            denials: Denials::default(),
            metrics,
            openapi: super::openapi::openapi_json()?.into(),
            routes: Arc::new(RouteTable::new(&description)),
        })
    }
}
