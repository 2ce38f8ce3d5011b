//! What nobody decent sends.

use ashlar_tests::{Database, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabyte_of_a_key_is_not_read() {
    let app = TestApp::start(Database::Sqlite).await;
    for header in ["x-api-key: ash_", "authorization: Bearer ash_", "authorization: Basic "] {
        for size in [17 << 10, 1 << 20] {
            let long = "x".repeat(size);
            let request = format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}{long}\r\n\r\n");
            let status = app.client.raw_status(request.as_bytes()).await;
            assert!(status.is_none_or(|status| status == 431 || status == 400), "{header} {size}: {status:?}");
        }
        let request = format!(
            "GET /api/v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}{}\r\n\r\n",
            "x".repeat(12_000)
        );
        assert_eq!(app.client.raw(request.as_bytes()).await.status, 401, "{header}");
    }
    app.client.get("/health/live").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_no_key_has_are_refused() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let key = app.make_key(&ada.access).await.text;
    let cases: [&[u8]; 9] = [
        b"",
        b"_",
        b"ash_",
        b"ash_live_",
        b"ash_\xff\xfe",
        b"ash_dev_aaaaaaaaaaaa_\t_000000",
        b"' OR 1=1 --",
        b"${jndi:ldap://x}",
        "ash_dev_\u{e4}".as_bytes(),
    ];
    for case in cases {
        let answer = app.client.get("/api/v1/me").header("x-api-key", case).send().await;
        answer.refused(401, "api_key_invalid");
    }
    for (from, to) in [("\u{0}", "400"), ("\u{1}", "400"), ("\u{7f}", "400"), ("\u{1b}[31m", "400")] {
        let request =
            format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {key}{from}\r\n\r\n");
        let status = app.client.raw_status(request.as_bytes()).await;
        assert!(status.is_none_or(|status| status == 401 || status.to_string() == to), "{from:?}: {status:?}");
    }
    for byte in 0..key.len() {
        let mut wrong = key.clone().into_bytes();
        wrong[byte] = if wrong[byte] == b'x' { b'y' } else { b'x' };
        app.client.get("/api/v1/me").header("x-api-key", &wrong).send().await.refused(401, "api_key_invalid");
    }
    // Blanks around a header are none of its value.
    app.client.get("/api/v1/me").header("x-api-key", format!(" {key} ")).send().await.expect(200);
}
