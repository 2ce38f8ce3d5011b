//! What is done behind the scenes, and by whom.

use std::sync::Arc;

use ashlar_jobs::Handlers;
use ashlar_kernel::Clock;

use super::{KeyFiles, Parts, StartError, post, retention, sealing, subscribers::subscribers};
use crate::{
    config::Config,
    denials,
    http::AppState,
    mail::{SendMail, SendNewsletter, SendNotification, TellAdministrators, TellStaff},
    readings, signing_keys,
    work::{self, AskOffset, ErasePersonal, Errand, Keepers, ReleaseLeads, SharedClock, Watch, Work},
};

impl Parts {
    fn keep_keys(&self, config: &Config, state: &AppState) -> Errand {
        signing_keys::keep(state.identity.clone(), Arc::new(self.store.clone()), KeyFiles::of(config))
    }

    pub(super) async fn work(&self, config: &Config, state: &AppState) -> Result<Work, StartError> {
        let (store, local) = (self.store.clone(), Arc::clone(&self.clock));
        let ask: AskOffset = Arc::new(move || {
            let (store, local) = (store.clone(), Arc::clone(&local));
            Box::pin(async move { store.clock_offset(&*local).await })
        });
        let clock = SharedClock::new(Arc::clone(&self.clock), ask);
        clock.set().await;
        let carrier = self.store.clone();
        let carry: Errand = Box::pin(async move { match carrier.carry_rings().await {} });
        let denials = denials::keep_writing(state.denials.clone(), state.identity.clone(), Arc::clone(&self.clock));
        let readings = readings::keep_writing(state.audit.clone(), Arc::clone(&self.clock));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let handlers = self.handlers(config, state, &shared)?;
        Ok(Work {
            jobs: Arc::new(self.store.clone()),
            outbox: Arc::new(self.store.clone()),
            firings: Arc::new(self.store.clone()),
            bell: Arc::new(self.store.clone()),
            clock,
            entropy: Arc::clone(&self.entropy),
            handlers,
            subscribers: subscribers(config),
            schedules: work::schedules()?,
            errands: vec![carry, denials, readings, self.keep_keys(config, state)],
            concurrency: config.job_concurrency,
            sealing: sealing(config, &self.store)?,
            transfers: Some(state.transfers.clone()),
            watch: Some(Watch { notifications: state.notifications.clone(), ids: Arc::clone(&self.ids) }),
        })
    }

    /// Who does which kind of job.
    fn handlers(&self, config: &Config, state: &AppState, clock: &Arc<dyn Clock>) -> Result<Handlers, StartError> {
        let keepers = Keepers {
            identity: state.identity.clone(),
            requests: Arc::new(self.store.clone()),
            counters: Arc::new(self.store.clone()),
            newsletter: state.newsletter.clone(),
            leads: state.leads.clone(),
            transfers: state.transfers.clone(),
            notifications: state.notifications.clone(),
            system_log: state.system_log.clone(),
            storage: self.storage(config)?,
            retention: retention(config, &self.store),
        };
        let (post, clock) = (post(config)?, || Arc::clone(clock));
        let (identity, notifications) = (|| state.identity.clone(), || state.notifications.clone());
        let route = || config.mail.notifications.clone();
        let newsletter = state.newsletter.clone();
        let (leads, to) = (state.leads.clone(), config.leads.contact_mail.clone());
        Ok(work::housekeeping(keepers, &clock())
            .with(SendMail { post: post.clone(), identity: identity(), clock: clock() })
            .with(SendNewsletter { post: post.clone(), newsletter, clock: clock() })
            .with(TellStaff { post: post.clone(), leads, clock: clock(), to })
            .with(TellAdministrators {
                notifications: notifications(),
                identity: identity(),
                clock: clock(),
                route: route(),
            })
            .with(SendNotification {
                post,
                notifications: notifications(),
                identity: identity(),
                clock: clock(),
                route: route(),
            })
            .with(ErasePersonal { log: state.audit.clone(), clock: clock() })
            .with(ReleaseLeads { leads: state.leads.clone(), clock: clock() }))
    }
}
