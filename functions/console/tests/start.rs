//! The process, as Lambda starts it.

use assay_test_support::start;

#[tokio::test]
async fn each_missing_setting_stops_the_start_and_is_named() {
    start::each_missing_setting_stops_the_start_and_is_named("console", env!("CARGO_BIN_EXE_console")).await;
}
