//! What the memory store promises beyond the contract.

use std::pin::pin;

use ashlar_identity::{Email, Membership, NewSession, NewUser, PasswordHash, Role, Session, SessionPolicy, User};
use ashlar_kernel::Id;
use chrono::TimeDelta;
use futures::{FutureExt, executor::block_on};

use super::*;
use crate::{Embedded, anonymous};

struct Scene {
    store: MemoryStore,
    context: Context,
    user: UserId,
    session: SessionId,
}

/// A store where one person has one session.
async fn scene() -> Scene {
    let Embedded { store, clock, ids, .. } = Embedded::new("2030-01-01T00:00:00Z");
    let context = anonymous(&*clock);
    let (user, session) = (Id::new(&*ids), Id::new(&*ids));
    let mut tx = store.begin(&context).await.unwrap();
    tx.insert_user(User::register(new_user(user), context.now)).await.unwrap();
    tx.insert_membership(Membership::create(TenantId::MAIN, user, Role::Member, context.now)).await.unwrap();
    let session_change = Session::begin(new_session(session, user), &SessionPolicy::default(), context.now);
    tx.insert_session(session_change).await.unwrap();
    tx.commit().await.unwrap();
    Scene { store: MemoryStore::clone(&store), context, user, session }
}

fn new_user(id: UserId) -> NewUser {
    NewUser {
        id,
        email: Email::parse("ada@example.org").unwrap(),
        username: None,
        password: PasswordHash::restore("-".to_owned()),
        display_name: None,
        email_verified_at: None,
    }
}

fn new_session(id: SessionId, user: UserId) -> NewSession {
    NewSession {
        id,
        tenant: TenantId::MAIN,
        user,
        salt: [0; 32],
        amr: vec!["pwd".to_owned()],
        device: None,
        ip: None,
        user_agent: None,
    }
}

#[test]
fn units_of_work_take_turns_and_reads_do_not_wait() {
    block_on(async {
        let Scene { store, context, user, .. } = scene().await;
        let first = store.begin(&context).await.unwrap();

        let mut second = pin!(store.begin(&context));
        assert!((&mut second).now_or_never().is_none(), "the first still has its turn");
        assert!(store.account(TenantId::MAIN, user).now_or_never().is_some());

        drop(first);
        assert!(second.now_or_never().is_some());
    });
}

#[test]
fn an_observation_waits_for_the_unit_of_work_that_would_undo_it() {
    block_on(async {
        let Scene { store, context, session, .. } = scene().await;
        let later = context.now + TimeDelta::minutes(2);
        let tx = store.begin(&context).await.unwrap();

        let mut touch = pin!(store.touch_session(session, later));
        assert!((&mut touch).now_or_never().is_none());
        tx.commit().await.unwrap();
        touch.await.unwrap();

        let found = store.session(session).await.unwrap().unwrap();
        assert_eq!(found.session.last_seen_at(), later);
    });
}

#[test]
fn rows_refer_to_rows_that_exist() {
    block_on(async {
        let Scene { store, context, user, session } = scene().await;
        let nobody = UserId::from_uuid(Uuid::from_u128(8));
        let nowhere = TenantId::from_uuid(Uuid::from_u128(9));
        let mut tx = store.begin(&context).await.unwrap();

        let of_nobody = Membership::create(TenantId::MAIN, nobody, Role::Member, context.now);
        assert!(matches!(tx.insert_membership(of_nobody).await, Err(StoreError::Internal(_))));
        let in_nowhere = Membership::create(nowhere, user, Role::Member, context.now);
        assert!(matches!(tx.insert_membership(in_nowhere).await, Err(StoreError::Internal(_))));
        let again = Session::begin(new_session(session, user), &SessionPolicy::default(), context.now);
        assert!(matches!(tx.insert_session(again).await, Err(StoreError::Internal(_))));
    });
}
