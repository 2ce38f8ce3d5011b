//! Objects come out as they stand, whatever is around and in them.

use super::*;

fn texts(file: &str) -> Vec<(u64, String)> {
    let found = Elements::new(file.as_bytes()).map(|found| found.unwrap_or_else(|error| panic!("{file}: {error}")));
    found.map(|element| (element.line, String::from_utf8(element.text).unwrap())).collect()
}

fn fault(file: &str) -> (usize, String) {
    let mut found: Vec<_> = Elements::new(file.as_bytes()).collect();
    let error = found.pop().unwrap().unwrap_err();
    (found.len(), error.to_string())
}

#[test]
fn objects_of_a_list_and_of_lines_are_the_same() {
    let all = ["{\"a\":1}", "{\"b\":[1,{\"c\":2}]}", "{}"];
    for file in [
        "[{\"a\":1},{\"b\":[1,{\"c\":2}]},{}]",
        "{\"a\":1}\n{\"b\":[1,{\"c\":2}]}\n{}\n",
        "{\"a\":1}{\"b\":[1,{\"c\":2}]} {}",
        "\u{feff}[\r\n{\"a\":1},\r\n{\"b\":[1,{\"c\":2}]},\r\n{}\r\n]\r\n",
    ] {
        let found: Vec<String> = texts(file).into_iter().map(|(_, text)| text).collect();
        assert_eq!(found, all, "{file}");
    }
    for empty in ["", " \n", "[]", "[ ]\n"] {
        assert_eq!(texts(empty), [], "{empty}");
    }
}

#[test]
fn brackets_and_quotes_in_texts_are_text() {
    for tricky in
        [r#"{"a":"}]{["}"#, r#"{"a":"\"}"}"#, r#"{"a":"\\"}"#, r#"{"\\\"}":"\u007d"}"#, "{\"a\":\"\u{e4}\u{1f511}}\"}"]
    {
        assert_eq!(texts(&format!("[{tricky},{tricky}]")).len(), 2, "{tricky}");
        assert_eq!(texts(tricky), [(1, tricky.to_owned())]);
    }
}

#[test]
fn each_object_knows_its_line() {
    let lines: Vec<u64> = texts("[\n{\n\"a\": 1\n},\n{}, {}\n,\n\n{}]").into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [2, 5, 5, 8]);
}

#[test]
fn what_was_whole_before_the_damage_comes_out() {
    assert_eq!(fault("[{},{}"), (2, "the file ends in the middle of line 1; is it whole?".to_owned()));
    assert_eq!(fault("[\n{},\n{\"a\":\"").0, 1);
    assert_eq!(fault("{}\n{\"a\":").1, "the file ends in the middle of line 2; is it whole?");
    for (file, line) in [("<html>", 1), ("[1]", 1), ("[{},\n\"x\"]", 2), ("{},{}", 1), ("[{}]\n{}", 2), ("null", 1)] {
        assert!(fault(file).1.starts_with(&format!("line {line}: here should be an object")), "{file}");
    }
}

#[test]
fn one_object_is_not_held_without_limit() {
    let long = format!("[{{\"a\":\"{}\"}}]", "x".repeat(LONGEST));
    assert_eq!(fault(&long), (0, "line 1: this object is longer than 1048576 bytes".to_owned()));
    let deep = "[".repeat(100_000);
    assert_eq!(fault(&format!("{{\"a\":{deep}")).1, "the file ends in the middle of line 1; is it whole?");
}
