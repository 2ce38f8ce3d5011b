//! What administrators and operators look after.

mod dashboard;
mod job_dto;
mod job_payload;
mod jobs;
mod log;
mod notifications;
mod query;
mod schedules;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the routes of administration that belong to no other domain.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(jobs::list)
        .service(jobs::read)
        .service(jobs::retry)
        .service(jobs::cancel)
        .service(jobs::run_now)
        .service(schedules::list)
        .service(schedules::run_now)
        .service(notifications::list)
        .service(notifications::acknowledge)
        .service(log::list)
        .service(dashboard::read);
}
