//! What administrators and operators look after.

use std::sync::Arc;

use ashlar_admin::{Dashboard, NotificationPorts, Notifications, SystemLog};
use ashlar_jobs::{Desk, desk::DeskPorts};

use super::{Parts, StartError};
use crate::work;

impl Parts {
    /// Jobs and schedules.
    pub(super) fn desk(&self) -> Result<Desk, StartError> {
        let ports = DeskPorts {
            store: Arc::new(self.store.clone()),
            jobs: Arc::new(self.store.clone()),
            firings: Arc::new(self.store.clone()),
        };
        Ok(Desk::new(ports, work::schedules()?, &self.root_key))
    }

    /// What needs somebody's attention.
    pub(super) fn notifications(&self) -> Notifications {
        let ports = NotificationPorts {
            store: Arc::new(self.store.clone()),
            troubles: Arc::new(self.store.clone()),
            ids: Arc::clone(&self.ids),
        };
        Notifications::new(ports, &self.root_key)
    }

    /// The numbers of tenants.
    pub(super) fn dashboard(&self) -> Dashboard {
        Dashboard::new(Arc::new(self.store.clone()))
    }

    /// Warnings and errors of the installation.
    pub(super) fn system_log(&self) -> SystemLog {
        SystemLog::new(Arc::new(self.store.clone()), Arc::clone(&self.ids), &self.root_key)
    }
}
