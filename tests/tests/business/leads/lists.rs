//! Lists of leads.

use ashlar_tests::{Answer, Database, SignedIn, TestApp, journeys};
use serde_json::json;

journeys!(
    lists_are_filtered_sorted_and_counted,
    searches_find_what_is_typed_in,
    pages_stay_whole_while_leads_come,
    cursors_are_good_for_their_own_list,
    people_who_sell_list_their_own_leads_and_nobodys,
);

fn names(answer: &Answer) -> Vec<String> {
    let page = answer.json();
    let names = page["data"].as_array().unwrap().iter().map(|lead| lead["full_name"].as_str().unwrap().to_owned());
    names.collect()
}

async fn enter(app: &TestApp, who: &SignedIn, name: &str, members: serde_json::Value) -> String {
    let mut form =
        json!({ "full_name": name, "email": format!("{}@example.org", name.to_lowercase().replace(' ', ".")) });
    form.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    app.advance(chrono::TimeDelta::seconds(1));
    app.lead(&who.access, &form).await
}

async fn lists_are_filtered_sorted_and_counted(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    enter(&app, &boss, "Carol Kay", json!({ "source": "event", "tags": ["vip"] })).await;
    let alice = enter(&app, &boss, "Alice Coltrane", json!({ "company_name": "Impulse! Records" })).await;
    enter(&app, &boss, "Bjork G", json!({ "source": "event", "owner_id": boss.user })).await;
    app.advance(chrono::TimeDelta::seconds(1));
    app.move_lead(&boss, &alice, "lost").await.expect(200);

    for (query, expected) in [
        ("", &["Bjork G", "Alice Coltrane", "Carol Kay"][..]),
        ("?sort=created_at", &["Carol Kay", "Alice Coltrane", "Bjork G"]),
        ("?sort=-updated_at", &["Alice Coltrane", "Bjork G", "Carol Kay"]),
        ("?sort=full_name", &["Alice Coltrane", "Bjork G", "Carol Kay"]),
        ("?sort=-score", &["Alice Coltrane", "Bjork G", "Carol Kay"]),
        ("?source=event", &["Bjork G", "Carol Kay"]),
        ("?status=lost&status=won", &["Alice Coltrane"]),
        ("?owner_id=none&sort=full_name", &["Alice Coltrane", "Carol Kay"]),
        ("?tag=vip", &["Carol Kay"]),
        ("?company=IMPULSE!", &["Alice Coltrane"]),
        ("?has_phone=true", &[]),
        ("?created_from=2030-01-01T12:00:02Z&created_to=2030-01-01T12:00:03Z", &["Alice Coltrane"]),
        ("?q=coltrane", &["Alice Coltrane"]),
    ] {
        assert_eq!(names(&app.leads(&boss, query).await.expect(200)), expected, "{query}");
    }
    let counted = app.leads(&boss, "?source=event&include=total&limit=1").await.expect(200).json();
    assert_eq!((&counted["page"]["total"], &counted["page"]["total_is_capped"]), (&json!(2), &json!(false)));
    for bad in ["?status=heaven", "?limit=201", "?q=a", "?nothing=1", "?sort=email"] {
        app.leads(&boss, bad).await.refused(400, "invalid_parameter");
    }
}

async fn searches_find_what_is_typed_in(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    enter(&app, &boss, "Grace Hopper", json!({ "company_name": "50% Off_Season \"Ltd\"" })).await;
    for (text, finds) in [
        ("50%25", true),
        ("off_", true),
        ("%22ltd%22", true),
        ("hopper+gra", true),
        ("%22+OR+1%3D1", false),
        ("50_", false),
        ("%F0%9F%91%BB%F0%9F%91%BB", false),
        ("grace*", false),
    ] {
        let found = app.leads(&boss, &format!("?q={text}")).await.expect(200);
        assert_eq!(names(&found).len(), usize::from(finds), "{text}");
    }
    for bad in ["x".repeat(101), "+".repeat(100), "a%00b".to_owned()] {
        app.leads(&boss, &format!("?q={bad}")).await.refused(400, "invalid_parameter");
    }
}

async fn pages_stay_whole_while_leads_come(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let mut expected = Vec::new();
    for number in 0..6 {
        let name = format!("Lead {}", ["A", "B", "C", "D", "E", "F"][number]);
        enter(&app, &boss, &name, json!({})).await;
        expected.insert(0, name);
    }
    let (mut found, mut query) = (Vec::new(), "?limit=2".to_owned());
    for number in 0..3 {
        let page = app.leads(&boss, &query).await.expect(200);
        found.extend(names(&page));
        enter(&app, &boss, &format!("Latecomer {}", ["X", "Y", "Z"][number]), json!({})).await;
        let Some(cursor) = page.json()["page"]["next_cursor"].as_str().map(str::to_owned) else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(found, expected);
}

async fn cursors_are_good_for_their_own_list(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let seller = app.colleague(&boss, "seller", "sales").await;
    for name in ["Ada Lovelace", "Grace Hopper"] {
        enter(&app, &boss, name, json!({})).await;
    }
    let page = app.leads(&boss, "?limit=1&sort=full_name").await.expect(200).json();
    let cursor = page["page"]["next_cursor"].as_str().unwrap();
    let with = |query: &str| format!("?limit=1&cursor={cursor}{query}");
    assert_eq!(names(&app.leads(&staff, &with("&sort=full_name")).await.expect(200)), ["Grace Hopper"]);
    for other in ["", "&sort=-score", "&sort=full_name&status=new"] {
        app.leads(&boss, &with(other)).await.refused(400, "invalid_cursor");
    }
    app.leads(&seller, &with("&sort=full_name")).await.refused(400, "invalid_cursor");
    let tampered = format!("?limit=1&sort=full_name&cursor={}", tampered_with(cursor));
    app.leads(&boss, &tampered).await.refused(400, "invalid_cursor");
}

async fn people_who_sell_list_their_own_leads_and_nobodys(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (ada, bob) = (app.colleague(&boss, "ada", "sales").await, app.colleague(&boss, "bob", "sales").await);
    enter(&app, &boss, "Nobodys Lead", json!({})).await;
    enter(&app, &boss, "Lead of Ada", json!({ "owner_id": ada.user })).await;
    enter(&app, &boss, "Lead of Bob", json!({ "owner_id": bob.user })).await;
    for (who, expected) in [
        (&boss, &["Lead of Bob", "Lead of Ada", "Nobodys Lead"][..]),
        (&ada, &["Lead of Ada", "Nobodys Lead"]),
        (&bob, &["Lead of Bob", "Nobodys Lead"]),
    ] {
        assert_eq!(names(&app.leads(who, "").await.expect(200)), expected);
    }
    let theirs = app.leads(&ada, &format!("?owner_id={}", bob.user)).await.expect(200);
    assert!(names(&theirs).is_empty());
    let counted = app.leads(&ada, "?include=total&q=lead").await.expect(200).json();
    assert_eq!(counted["page"]["total"], 2);
}

/// The same with one character in the middle exchanged.
fn tampered_with(cursor: &str) -> String {
    let exchange = |(place, letter)| match (place, letter) {
        (20, '-') => 'A',
        (20, _) => '-',
        (_, letter) => letter,
    };
    cursor.chars().enumerate().map(exchange).collect()
}
