//! Jobs and notifications as tests make them.

use std::sync::Arc;

use ashlar_admin::{Matter, Notification, NotificationStore, Raised, Severity};
use ashlar_jobs::{
    DEFAULT_QUEUE, Handlers, JobState, NewJob, Relay, Subscribers, Worker, WorkerPorts, WorkerSettings,
    port::{JobStore, Sleep},
};
use ashlar_kernel::{Clock, Context, Id, TenantId};
use ashlar_memory::SeededEntropy;
use async_trait::async_trait;
use chrono::TimeDelta;

use crate::TestApp;

/// Waits in real time, as workers do.
struct RealSleep;

#[async_trait]
impl Sleep for RealSleep {
    async fn sleep(&self, duration: std::time::Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl TestApp {
    /// What a worker does: events become jobs of these subscribers, and these handlers do them.
    pub async fn work_off(&self, subscribers: Subscribers, handlers: Handlers) {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<_>;
        let store = Arc::new(self.store.clone());
        let relay = Relay::new(Arc::clone(&store) as Arc<_>, Arc::new(subscribers), Arc::clone(&clock));
        while relay.step().await.unwrap() > 0 {}
        let ports = WorkerPorts { store, clock, sleep: Arc::new(RealSleep), entropy: Arc::new(SeededEntropy::new(3)) };
        let worker = Worker::new(ports, Arc::new(handlers), WorkerSettings::new("test", &[DEFAULT_QUEUE]));
        for _step in 0..100 {
            if worker.step().await.unwrap().is_empty() {
                return;
            }
        }
        panic!("there is always work");
    }

    /// A job of a tenant that nobody knows how to do, and whose time has not come; its id.
    pub async fn waiting_job(&self, tenant: &str) -> String {
        let tenant: TenantId = tenant.parse().unwrap();
        let now = self.clock.now();
        let job = NewJob::new(tenant, "demo.work", 1, &serde_json::json!({})).unwrap();
        self.store.enqueue(vec![job.run_at(now + TimeDelta::hours(1))], now).await.unwrap()[0].id.to_string()
    }

    /// The state of a job of `main`.
    pub async fn job_state(&self, id: &str) -> Option<JobState> {
        self.store.find(TenantId::MAIN, id.parse().unwrap()).await.unwrap().map(|job| job.state())
    }

    /// A notification of a tenant; its id.
    pub async fn matter(&self, tenant: &str) -> String {
        let matter = Matter {
            tenant: tenant.parse().unwrap(),
            // One of its own: what there is already is not raised again.
            key: format!("jobs.dead:{}", self.ids.next()),
            severity: Severity::Warning,
            source: "jobs",
            title: "Jobs demo.work were given up: 1".to_owned(),
        };
        let context = Context { tenant: matter.tenant, ..self.system() };
        let change = Notification::raise(Id::new(&*self.ids), matter, context.now);
        let id = change.state().id().to_string();
        let mut tx = NotificationStore::begin(&self.store, &context).await.unwrap();
        assert_eq!(tx.raise(change).await.unwrap(), Raised::New);
        tx.commit().await.unwrap();
        id
    }
}
