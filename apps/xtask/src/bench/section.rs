//! Parts of the report that stand by themselves: each has its rows, its goals and its causes, and is measured alone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

/// A part of the report.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name in the marks around it, and in the JSON.
    pub(crate) key: String,
    /// What stands above its table.
    pub(crate) head: String,
    /// What was measured.
    pub(crate) rows: Vec<Row>,
    /// What stands below.
    pub(crate) causes: &'static str,
}

/// One measurement.
#[derive(Debug)]
pub(crate) struct Row {
    /// Of what.
    pub(crate) what: String,
    /// What was found.
    pub(crate) found: f64,
    /// In what.
    pub(crate) unit: &'static str,
    /// What was promised.
    pub(crate) goal: Option<Goal>,
}

/// What was promised.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Goal {
    fn is_met(self, found: f64) -> bool {
        match self {
            Self::AtLeast(least) => found >= least,
            Self::AtMost(most) => found <= most,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtLeast(least) => format!("at least {}", figure(least)),
            Self::AtMost(most) => format!("at most {}", figure(most)),
        }
    }
}

impl Row {
    /// A measurement that nothing was promised of.
    pub(crate) fn of(what: impl Into<String>, found: f64, unit: &'static str) -> Self {
        Self { what: what.into(), found, unit, goal: None }
    }

    /// Promised.
    pub(crate) fn with(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

/// As many digits as say something.
fn figure(value: f64) -> String {
    if value >= 100.0 || (value.fract() == 0.0 && value >= 10.0) {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

impl Section {
    /// As Markdown.
    pub(crate) fn text(&self) -> String {
        let mut text =
            format!("{}\n\n| measured | found | | wanted | |\n|---|---:|---|---|---|\n", self.head.trim_end());
        for Row { what, found, unit, goal } in &self.rows {
            let wanted = goal.map(Goal::words).unwrap_or_default();
            let verdict = goal.map_or("", |goal| if goal.is_met(*found) { "pass" } else { "short" });
            let _ = writeln!(text, "| {what} | {} | {unit} | {wanted} | {verdict} |", figure(*found));
        }
        if !self.causes.is_empty() {
            let _ = write!(text, "\n{}", self.causes);
        }
        text
    }

    fn json(&self) -> Value {
        let row = |row: &Row| {
            let (wanted, met) = (row.goal.map(Goal::words), row.goal.map(|goal| goal.is_met(row.found)));
            json!({ "measured": row.what, "found": row.found, "unit": row.unit, "wanted": wanted, "met": met })
        };
        json!(self.rows.iter().map(row).collect::<Vec<_>>())
    }

    /// Puts it in the place of the one of its name, or behind the others.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let page = folder.join("benchmarks.md");
        let before = fs::read_to_string(&page).unwrap_or_default();
        fs::write(&page, replaced(&before, &self.key, &self.text()))?;
        let file = folder.join("benchmarks.json");
        let before = fs::read_to_string(&file).unwrap_or_else(|_none| "{}".to_owned());
        let mut all: Value = serde_json::from_str(&before)?;
        if let Some(members) = all.as_object_mut() {
            members.insert(self.key.clone(), self.json());
        }
        Ok(fs::write(file, serde_json::to_string_pretty(&all)? + "\n")?)
    }
}

fn marks(key: &str) -> [String; 2] {
    [format!("<!-- measured by itself: {key} -->\n"), format!("<!-- end: {key} -->\n")]
}

fn replaced(page: &str, key: &str, text: &str) -> String {
    let [begin, end] = marks(key);
    let part = format!("{begin}\n{}\n\n{end}", text.trim_end());
    match page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1))) {
        Some((before, after)) => format!("{before}{part}{after}"),
        None if page.is_empty() => part,
        None => format!("{}\n\n{part}", page.trim_end()),
    }
}

/// Writes what comes before the sections, and leaves them as they are.
pub(crate) fn save_first(folder: &Path, text: &str, measured: Value) -> Result<()> {
    fs::create_dir_all(folder)?;
    let page = folder.join("benchmarks.md");
    let before = fs::read_to_string(&page).unwrap_or_default();
    fs::write(&page, [text, kept(&before)].join("\n"))?;
    let file = folder.join("benchmarks.json");
    let mut all: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap_or_else(|_none| "{}".to_owned()))?;
    if let (Some(all), Value::Object(measured)) = (all.as_object_mut(), measured) {
        all.extend(measured);
    }
    Ok(fs::write(file, serde_json::to_string_pretty(&all)? + "\n")?)
}

/// The sections of a page, from the first mark on.
fn kept(page: &str) -> &str {
    page.find("<!-- measured by itself: ").and_then(|at| page.get(at..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_the_one_of_its_name() {
        let page = replaced("# Page\n", "a", "first");
        let page = replaced(&page, "b", "second");
        let page = replaced(&page, "a", "third");

        assert!(!page.contains("first"), "{page}");
        assert!(page.starts_with("# Page\n\n<!-- measured by itself: a -->\n\nthird\n"), "{page}");
        assert!(page.ends_with("second\n\n<!-- end: b -->\n"), "{page}");
        assert!(kept(&page).starts_with("<!-- measured by itself: a -->"), "{page}");
        assert_eq!(kept("# Page\n"), "");
    }

    #[test]
    fn goals_are_met_on_their_side() {
        assert!(Goal::AtLeast(10.0).is_met(10.0) && !Goal::AtLeast(10.0).is_met(9.9));
        assert!(Goal::AtMost(10.0).is_met(9.9) && !Goal::AtMost(10.0).is_met(10.1));
        assert!(!Goal::AtMost(10.0).is_met(f64::NAN));
    }
}
