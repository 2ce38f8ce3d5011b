//! Laws of the system log.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Limit, TenantId};
use chrono::TimeDelta;
use serde_json::json;

use super::{
    Fixture,
    scene::{Scene, boss, nobody, noon},
};
use crate::{LogError, LogFilter, LogLevel, LogLine};

fn line(scene: &Scene, minute: i64, message: &str) -> LogLine {
    LogLine {
        id: scene.system_log().new_id(),
        at: noon() + TimeDelta::minutes(minute),
        level: LogLevel::Warn,
        target: "ashlar_server::work::seal".to_owned(),
        message: message.to_owned(),
        request_id: None,
        fields: serde_json::Map::new(),
    }
}

async fn listed(scene: &Scene, filter: LogFilter) -> Vec<LogLine> {
    let page = scene.system_log().lines(&boss(1, TenantId::MAIN), filter, (Limit::default(), None)).await;
    page.unwrap().data
}

/// As they were given.
pub async fn lines_survive_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let fields = json!({ "error": "a 'quote' and \"two\"", "ms": 7, "ok": false, "none": null });
    let full = LogLine {
        level: LogLevel::Error,
        request_id: Some("r-1".to_owned()),
        fields: fields.as_object().unwrap().clone(),
        ..line(&scene, 0, "it was é ✓")
    };
    let plain = line(&scene, 1, "");
    scene.system_log().keep(vec![full.clone(), plain.clone()]).await.unwrap();
    scene.system_log().keep(Vec::new()).await.unwrap();

    assert_eq!(listed(&scene, LogFilter::default()).await, [plain, full]);
}

/// Every filter counts; characters that mean something to a database mean themselves.
pub async fn every_filter_counts_and_pages_follow_each_other(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let error = LogLine { level: LogLevel::Error, ..line(&scene, 0, "the disk is Full") };
    let request = LogLine { request_id: Some("r-1".to_owned()), ..line(&scene, 1, "50% of it") };
    let target = LogLine { target: "sqlx::query".to_owned(), ..line(&scene, 2, "slow_statement") };
    let all = vec![error, request, target];
    scene.system_log().keep(all.clone()).await.unwrap();
    let [error, request, target] = all.try_into().unwrap();
    let any = LogFilter::default;
    let text = |text: &str| LogFilter { text: Some(text.to_owned()), ..any() };
    let by = |target: &str| LogFilter { target: Some(target.to_owned()), ..any() };

    assert_eq!(listed(&scene, LogFilter { level: Some(LogLevel::Error), ..any() }).await, std::slice::from_ref(&error));
    let in_request = LogFilter { request_id: Some("r-1".to_owned()), ..any() };
    assert_eq!(listed(&scene, in_request).await, std::slice::from_ref(&request));
    let from = LogFilter { from: Some(target.at), ..any() };
    assert_eq!(listed(&scene, from).await, std::slice::from_ref(&target));
    let to = LogFilter { to: Some(request.at), ..any() };
    assert_eq!(listed(&scene, to).await, std::slice::from_ref(&error));
    assert_eq!(listed(&scene, by("sqlx")).await, std::slice::from_ref(&target));
    assert_eq!(listed(&scene, by("sqlx::query")).await.len(), 1);
    assert_eq!(listed(&scene, by("sql")).await, []);
    assert_eq!(listed(&scene, text("disk is full")).await, std::slice::from_ref(&error));
    assert_eq!(listed(&scene, text("0%")).await, std::slice::from_ref(&request));
    assert_eq!(listed(&scene, text("%")).await.len(), 1);
    assert_eq!(listed(&scene, text("w_s")).await, std::slice::from_ref(&target));
    assert_eq!(listed(&scene, text("e_d")).await, []);

    let (log, reader, two) = (scene.system_log(), boss(1, TenantId::MAIN), Limit::parse(2).unwrap());
    let first = log.lines(&reader, any(), (two, None)).await.unwrap();
    assert_eq!(first.data, [target, request]);
    let rest = log.lines(&reader, any(), (two, first.next_cursor.as_deref())).await.unwrap();
    assert_eq!((rest.data, rest.next_cursor), (vec![error], None));
    let other = log.lines(&reader, text("x"), (two, first.next_cursor.as_deref())).await;
    assert!(matches!(other, Err(LogError::Cursor(_))), "{other:?}");
}

/// Nobody reads them without the permission.
pub async fn lines_are_for_operators(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let refused = scene.system_log().lines(&nobody(), LogFilter::default(), (Limit::default(), None)).await;
    assert!(matches!(refused, Err(LogError::Access(_))), "{refused:?}");
}

/// Seven days after they were logged.
pub async fn lines_of_long_ago_are_forgotten(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lines = vec![line(&scene, 0, "old"), line(&scene, 60, "new")];
    scene.system_log().keep(lines).await.unwrap();
    let purge = async |minutes| {
        let now = noon() + TimeDelta::days(7) + TimeDelta::minutes(minutes);
        scene.system_log().purge(now).await.unwrap()
    };

    assert_eq!(purge(0).await, 0);
    assert_eq!(purge(1).await, 1);
    assert_eq!(listed(&scene, LogFilter::default()).await[0].message, "new");
}

/// But for the newest, whatever their age.
pub async fn too_many_lines_are_trimmed(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lines: Vec<_> = (0..5).map(|minute| line(&scene, minute, &format!("line {minute}"))).collect();
    scene.system_log().keep(lines).await.unwrap();
    let trim = async |keep, limit| scene.fixture.lines.trim_lines(keep, limit).await.unwrap();

    assert_eq!(trim(5, 10).await, 0);
    assert_eq!(trim(2, 10).await, 3);
    assert_eq!(trim(2, 10).await, 0);
    let left: Vec<_> = listed(&scene, LogFilter::default()).await.into_iter().map(|line| line.message).collect();
    assert_eq!(left, ["line 4", "line 3"]);
}
