//! Who looks at what does not go as it should.

use std::{sync::Arc, time::Duration};

use ashlar_admin::Notifications;
use ashlar_kernel::{Clock, Context, IdSource, RequestId, TenantId};

use super::pace::{Pace, Trouble};

/// How often somebody looks. What several processes see in this time counts once.
const LOOK: Duration = Duration::from_secs(30);

/// What is looked at, and with which ids.
pub struct Watch {
    /// What needs attention.
    pub notifications: Notifications,
    /// The ids of looks, in the place of requests.
    pub ids: Arc<dyn IdSource>,
}

pub(super) async fn run(watch: Watch, clock: Arc<dyn Clock>, mut pace: Pace) {
    let mut trouble = Trouble::with("the watch over what needs attention");
    // What was left by those before, or came with the demonstration data, is older than it may be, and on its way in a moment.
    pace.rest(LOOK).await;
    while pace.goes_on() {
        let now = clock.now();
        let request = RequestId::new(&*watch.ids);
        let context = |tenant: TenantId| Context::system("watch", tenant, request.clone(), now);
        match watch.notifications.look(context, now).await {
            Ok((raised, resolved)) => {
                trouble.is_over();
                if raised + resolved > 0 {
                    tracing::info!(raised, resolved, "notifications");
                }
                pace.rest(LOOK).await;
            }
            Err(error) => pace.rest(trouble.meet(&error)).await,
        }
    }
}
