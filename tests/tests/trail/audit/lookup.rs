//! Looking up what happened, and taking it along, over HTTP.

use ashlar_kernel::TenantId;
use ashlar_tests::{Answer, Database, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    events_are_found_by_what_is_known_of_them,
    pages_follow_each_other_in_both_orders,
    addresses_are_shown_to_administrators_and_not_to_keys_without_the_scope,
    timeline_tells_what_happened_to_one_thing,
    who_looks_is_written_down,
    events_are_taken_along_in_lines,
    events_are_taken_along_as_a_table,
    tenants_do_not_see_each_other,
);

async fn ask(app: &TestApp, who: &SignedIn, path: &str) -> Answer {
    app.client.get(&format!("/api/v1/audit/{path}")).bearer(&who.access).send().await
}

async fn found(app: &TestApp, who: &SignedIn, query: &str) -> Vec<Value> {
    let page = ask(app, who, &format!("events?{query}")).await.expect(200).json();
    page["data"].as_array().unwrap().clone()
}

fn actions(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

async fn events_are_found_by_what_is_known_of_them(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.advance(TimeDelta::minutes(1));
    let ada = app.sign_up("ada").await;
    let lead = app.lead(&boss.access, &json!({ "email": "x@leads.example" })).await;
    app.me(&ada.access).await.expect(200);
    ask(&app, &ada, "events").await.refused(403, "permission_denied");

    let newest = &found(&app, &boss, "outcome=denied").await[0];
    assert_eq!((&newest["action"], &newest["actor"]["id"]), (&json!("identity.authz.denied"), &json!(ada.user)));
    let of_lead = found(&app, &boss, &format!("target_type=lead&target_id={lead}")).await;
    assert_eq!(actions(&of_lead), ["leads.lead.created"]);
    assert_eq!(actions(&found(&app, &boss, &format!("q={lead}")).await), ["leads.lead.created"]);
    let request = of_lead[0]["request_id"].as_str().unwrap();
    assert_eq!(found(&app, &boss, &format!("request_id={request}")).await, of_lead);
    assert_eq!(found(&app, &boss, "action=leads.*").await, of_lead);
    assert_eq!(found(&app, &boss, &format!("actor_id={}&action=leads.lead.created", boss.user)).await, of_lead);
    assert_eq!(found(&app, &boss, &format!("actor_id={}&action=leads.*", ada.user)).await, [json!(null); 0]);
    assert_eq!(found(&app, &boss, "from=2030-01-01T12:01:00Z&q=leads.").await, of_lead);
    assert_eq!(found(&app, &boss, "to=2030-01-01T12:01:00Z&q=leads.").await, [json!(null); 0]);
    let one = ask(&app, &boss, &format!("events/{}", of_lead[0]["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(one.json(), of_lead[0]);
    for bad in ["colour=red", "limit=0", "actor_id=%00", "q=", "action=%25", "ip=x"] {
        ask(&app, &boss, &format!("events?{bad}")).await.refused(400, "invalid_parameter");
    }
    for hostile in ["q='%20OR%201=1", "target_id=%22%5D", "target_type=%5C", "request_id=%F0%9F%98%80"] {
        assert_eq!(found(&app, &boss, hostile).await, [json!(null); 0], "{hostile}");
    }
}

async fn pages_follow_each_other_in_both_orders(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for name in ["ada", "bob", "eve"] {
        app.register(name).await.expect(201);
    }
    let all = found(&app, &boss, "action=identity.*").await;
    for (sort, expected) in
        [("-occurred_at", all.clone()), ("occurred_at", all.iter().rev().cloned().collect::<Vec<_>>())]
    {
        let query = format!("action=identity.*&sort={sort}&limit=3");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for _page in 0..=all.len() {
            let page = ask(&app, &boss, &format!("events?{query}{cursor}")).await.expect(200).json();
            seen.extend(page["data"].as_array().unwrap().clone());
            let Some(next) = page["page"]["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            let foreign = ask(&app, &boss, &format!("events?sort={sort}&limit=3{cursor}")).await;
            foreign.refused(400, "invalid_cursor");
        }
        assert_eq!(seen, expected);
    }
}

async fn addresses_are_shown_to_administrators_and_not_to_keys_without_the_scope(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let shown = found(&app, &boss, "action=identity.login.*&limit=1").await;
    assert_eq!(shown[0]["source"]["ip"], "127.0.0.1");
    assert!(!found(&app, &boss, "ip=127.0.0.1").await.is_empty());

    let made = app.try_make_key(&boss.access, &json!({ "name": "SIEM", "scopes": ["audit.read"] })).await.expect(201);
    let key = ashlar_tests::Key::from(&made);
    let with_key = |path: &str| app.client.get(&format!("/api/v1/audit/{path}")).header("x-api-key", &key.text);
    let page = with_key("events?action=identity.login.*").send().await.expect(200).json();
    assert!(page["data"].as_array().unwrap().iter().all(|event| event["source"].is_null()), "{page}");
    with_key("events?ip=127.0.0.1").send().await.refused(403, "insufficient_scope");
    with_key("export?ip=127.0.0.1").send().await.refused(403, "insufficient_scope");
    assert!(!with_key("export").send().await.expect(200).text().contains("127.0.0.1"));
}

async fn timeline_tells_what_happened_to_one_thing(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let lead = app.lead(&boss.access, &json!({ "email": "x@leads.example" })).await;
    app.advance(TimeDelta::minutes(1));
    app.move_lead(&boss, &lead, "contacted").await.expect(200);

    let page = ask(&app, &boss, &format!("timeline/lead/{lead}")).await.expect(200).json();

    let events = page["data"].as_array().unwrap();
    assert_eq!(actions(events), ["leads.lead.status_changed", "leads.lead.created"]);
    for nothing in [format!("timeline/user/{lead}"), "timeline/lead/x".to_owned(), "timeline/%00/%00".to_owned()] {
        ask(&app, &boss, &nothing).await.refused(404, "not_found");
    }
}

async fn who_looks_is_written_down(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let first = ask(&app, &boss, "events?actor_type=user").await.expect(200);
    assert_eq!(app.names(first.request_id()).await, ["audit.log.read"]);
    for _again in 0..3 {
        let again = ask(&app, &boss, &format!("timeline/user/{}", boss.user)).await.expect(200);
        assert_eq!(app.names(again.request_id()).await, [""; 0]);
    }
    app.advance(TimeDelta::minutes(1));

    let later = ask(&app, &boss, "events?action=audit.*").await.expect(200);

    assert_eq!(app.names(later.request_id()).await, ["audit.log.read"]);
    let seen = found(&app, &boss, "action=audit.log.read").await;
    let counts: Vec<_> = seen.iter().map(|event| event["data"].clone()).collect();
    let together = json!({ "filters": ["action", "target_id", "target_type"], "count": 4 });
    assert_eq!(counts, [together, json!({ "filters": ["actor_type"], "count": 1 })]);
}

async fn events_are_taken_along_in_lines(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    for lead in 0..510 {
        app.lead(&boss.access, &json!({ "email": format!("{lead}@leads.example") })).await;
    }
    app.advance(TimeDelta::seconds(1));

    let answer = ask(&app, &boss, "export?action=leads.*").await.expect(200);

    assert_eq!(app.names(answer.request_id()).await, ["audit.log.exported"]);
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let manifest = &lines[0]["manifest"];
    assert_eq!((&manifest["tenant"], &manifest["filters"]), (&json!(TenantId::MAIN), &json!({ "action": "leads.*" })));
    assert_eq!((lines.len(), lines.last().unwrap()), (514, &json!({ "end": { "events": 510 } })));
    let first: Vec<_> = lines[1..501].iter().map(|line| line["event"]["id"].clone()).collect();
    assert!(first.iter().all(Value::is_string));
    app.lead(&boss.access, &json!({ "email": "later@leads.example" })).await;
    let cursor = lines[501]["cursor"].as_str().unwrap();
    let rest = ask(&app, &boss, &format!("export?action=leads.*&cursor={cursor}")).await.expect(200).text();
    let rest: Vec<Value> = rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        rest[1..],
        lines[502..513].iter().cloned().chain([json!({ "end": { "events": 10 } })]).collect::<Vec<_>>()
    );
    assert_eq!(rest[0]["manifest"]["resumed"], true);
    ask(&app, &boss, &format!("export?cursor={cursor}")).await.refused(400, "invalid_cursor");
    ask(&app, &boss, "export?format=ocsf").await.refused(400, "invalid_parameter");
}

async fn events_are_taken_along_as_a_table(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let formula =
        app.client.patch("/api/v1/me").bearer(&boss.access).header("user-agent", "=1+1").header("x-request-id", "@sum");
    formula.json(&json!({ "display_name": "B" })).send().await.expect(200);
    app.advance(TimeDelta::seconds(1));

    let table = ask(&app, &boss, "export?format=csv&action=identity.user.*").await.expect(200);

    assert_eq!(table.media_type(), Some("text/csv"));
    let text = table.text();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("#manifest,") && lines[1].starts_with("id,action,schema_version,"), "{text}");
    let edited = lines.iter().find(|line| line.contains("'@sum")).unwrap();
    assert!(edited.contains(",'=1+1,'@sum,") && edited.contains("identity.user.profile_updated"), "{edited}");
    assert!(lines.last().unwrap().starts_with("#end,"), "{text}");
}

async fn tenants_do_not_see_each_other(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    app.register("founder").await.expect(201);
    app.open_tenant(&operator, "acme", "founder").await;
    let founder = app.log_in_to("acme", "founder").await;
    let lead = app.lead(&boss.access, &json!({ "email": "x@leads.example" })).await;

    let theirs = found(&app, &founder, "").await;
    assert!(!theirs.is_empty() && !actions(&theirs).contains(&"leads.lead.created"));
    assert_eq!(found(&app, &founder, &format!("q={lead}")).await, [json!(null); 0]);
    assert!(!ask(&app, &founder, "export").await.expect(200).text().contains(&lead));
    ask(&app, &founder, &format!("timeline/lead/{lead}")).await.refused(404, "not_found");
    let event = found(&app, &boss, &format!("q={lead}")).await[0]["id"].as_str().unwrap().to_owned();
    ask(&app, &founder, &format!("events/{event}")).await.refused(404, "not_found");
    ask(&app, &operator, "events").await.refused(403, "permission_denied");
}
