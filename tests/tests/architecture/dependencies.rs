//! Law 1: dependencies point inward.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::DependencyKind;

use super::{
    insist_on_none,
    workspace::{members, metadata, root},
};

/// Who uses whom, by name: normal dependencies only.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Where a package stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Kernel,
    Domain,
    Adapter,
    Migrations,
    App,
    Tests,
}

impl Place {
    /// By the folder of the package.
    fn of(folder: &str) -> Self {
        match folder {
            "crates/kernel" => Self::Kernel,
            "migrations" => Self::Migrations,
            "tests" => Self::Tests,
            _ if folder.starts_with("crates/adapters/") => Self::Adapter,
            _ if folder.starts_with("crates/") => Self::Domain,
            _ if folder.starts_with("apps/") => Self::App,
            _ => panic!("{folder} has no place in the architecture"),
        }
    }

    const fn may_use(self, other: Self) -> bool {
        match self {
            Self::Kernel | Self::Migrations => false,
            Self::Domain => matches!(other, Self::Kernel),
            Self::Adapter => matches!(other, Self::Kernel | Self::Domain),
            Self::App => !matches!(other, Self::App | Self::Tests),
            Self::Tests => true,
        }
    }
}

fn violations_of_place(places: &BTreeMap<String, Place>, graph: &Graph) -> Vec<String> {
    let mut violations = Vec::new();
    for (name, place) in places {
        for used in graph.get(name).into_iter().flatten() {
            if let Some(other) = places.get(used).filter(|other| !place.may_use(**other)) {
                violations.push(format!("{name} ({place:?}) uses {used} ({other:?})"));
            }
        }
    }
    violations
}

/// What is banned from everything that `from` is built on, each with the way there.
fn banned_below(graph: &Graph, from: &str, is_banned: fn(&str) -> bool) -> Vec<String> {
    let mut ways = BTreeMap::from([(from.to_owned(), from.to_owned())]);
    let mut waiting = VecDeque::from([from.to_owned()]);
    while let Some(name) = waiting.pop_front() {
        for used in graph.get(&name).into_iter().flatten() {
            if !ways.contains_key(used) {
                let way = format!("{} -> {used}", ways[&name]);
                ways.insert(used.clone(), way);
                waiting.push_back(used.clone());
            }
        }
    }
    ways.into_iter().filter(|(name, _)| is_banned(name)).map(|(_, way)| way).collect()
}

/// What a domain must not know: storage, transport, runtime.
fn is_outside_world(name: &str) -> bool {
    let banned = ["redis", "reqwest", "hyper", "tokio", "mio", "async-std", "smol", "deadpool"];
    let families = ["sea-orm", "sea-query", "sqlx", "actix", "libsqlite3", "tokio-", "hyper-", "deadpool-"];
    banned.contains(&name) || families.iter().any(|family| name.starts_with(family))
}

fn is_runtime(name: &str) -> bool {
    ["tokio", "async-std", "smol"].contains(&name) || name.starts_with("tokio-")
}

fn places() -> BTreeMap<String, Place> {
    let folder = |manifest: &str| {
        let folder = manifest.strip_prefix(root().to_str().unwrap()).unwrap();
        folder.trim_start_matches('/').trim_end_matches("/Cargo.toml").to_owned()
    };
    let place = |package: &cargo_metadata::Package| Place::of(&folder(package.manifest_path.as_str()));
    members().into_iter().map(|package| (package.name.to_string(), place(package))).collect()
}

fn graph() -> Graph {
    let name = |id| metadata()[id].name.to_string();
    let mut graph = Graph::new();
    for node in &metadata().resolve.as_ref().unwrap().nodes {
        let normal = node.deps.iter().filter(|used| {
            let mut kinds = used.dep_kinds.iter().map(|kind| kind.kind);
            kinds.any(|kind| kind == DependencyKind::Normal)
        });
        // Two versions of one package are one name here; the law knows no versions.
        graph.entry(name(&node.id)).or_default().extend(normal.map(|used| name(&used.pkg)));
    }
    graph
}

#[test]
fn dependencies_point_inward() {
    insist_on_none(&violations_of_place(&places(), &graph()));
}

#[test]
fn kernel_and_domains_know_nothing_of_the_world_outside() {
    let graph = graph();
    for (name, place) in places() {
        if matches!(place, Place::Kernel | Place::Domain) {
            assert!(graph[&name].contains("thiserror"), "{name} is not in the graph as it should be");
            insist_on_none(&banned_below(&graph, &name, is_outside_world));
        }
    }
}

#[test]
fn memory_adapter_needs_no_runtime() {
    insist_on_none(&banned_below(&graph(), "ashlar-memory", is_runtime));
}

#[test]
fn migrations_are_used_by_apps_and_tests_only() {
    let places = places();
    let users = graph().into_iter().filter(|(_, used)| used.contains("ashlar-migrations"));
    for (name, _) in users {
        assert!(matches!(places[&name], Place::App | Place::Tests), "{name} uses the migrations");
    }
}

fn example(edges: &[(&str, &str)]) -> Graph {
    let mut graph = Graph::new();
    for (from, to) in edges {
        graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
    }
    graph
}

#[test]
fn rule_of_places_finds_each_forbidden_edge() {
    use Place::{Adapter, App, Domain, Kernel, Migrations, Tests};
    let all = [
        ("kernel", Kernel),
        ("identity", Domain),
        ("billing", Domain),
        ("sql", Adapter),
        ("redis", Adapter),
        ("migrations", Migrations),
        ("server", App),
        ("xtask", App),
        ("tests", Tests),
    ];
    let places: BTreeMap<String, Place> = all.iter().map(|(name, place)| ((*name).to_owned(), *place)).collect();
    let violations = |from, to| violations_of_place(&places, &example(&[(from, to)]));

    for (from, to) in [
        ("kernel", "identity"),
        ("identity", "billing"),
        ("identity", "sql"),
        ("sql", "redis"),
        ("sql", "server"),
        ("sql", "migrations"),
        ("migrations", "sql"),
        ("xtask", "server"),
        ("server", "tests"),
    ] {
        assert_eq!(violations(from, to).len(), 1, "{from} -> {to}");
    }
    for (from, to) in [("identity", "kernel"), ("sql", "identity"), ("server", "sql"), ("tests", "server")] {
        assert_eq!(violations(from, to), [""; 0]);
    }
}

#[test]
fn rule_of_bans_finds_the_way_through_other_packages() {
    let graph = example(&[("identity", "kernel"), ("kernel", "uuid"), ("uuid", "tokio-util"), ("server", "sqlx")]);

    assert_eq!(
        banned_below(&graph, "identity", is_outside_world),
        ["identity -> kernel -> uuid -> tokio-util".to_owned()]
    );
    assert_eq!(banned_below(&graph, "server", is_outside_world), ["server -> sqlx".to_owned()]);
    assert_eq!(banned_below(&graph, "uuid", is_runtime).len(), 1);
    for name in ["sea-orm", "sqlx-core", "actix-web", "redis", "reqwest", "hyper-util", "tokio"] {
        assert!(is_outside_world(name), "{name}");
    }
}

#[test]
#[should_panic(expected = "has no place")]
fn package_outside_the_map_is_noticed() {
    Place::of("misc/helpers");
}
