use std::fmt::Write;
use std::io::Cursor;

use super::{LONGEST_ROW, Row, Rows};
use crate::operations::people::{BadRow, MOST_ROWS, Stop};
use crate::person::PersonStatus;

fn rows(list: impl Into<Vec<u8>>) -> Rows {
    Rows::of(Box::new(Cursor::new(list.into()))).unwrap()
}

/// All rows of a list, and why reading stopped.
fn read(list: impl Into<Vec<u8>>) -> (Vec<Row>, Vec<BadRow>, Option<Stop>) {
    let mut rows = rows(list);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    while let Some(chunk) = rows.next_chunk(2, 0) {
        good.extend(chunk.good);
        bad.extend(chunk.bad);
    }
    (good, bad, rows.stopped)
}

#[test]
fn a_list_is_read_however_it_was_written() {
    for list in [
        "email,name,status,manager,end_date\nanna@example.com,\"Schmidt, Anna\",left,ben@example.com,2026-03-31\n",
        "\u{feff}email,name,status,manager,end_date\r\nANNA@example.com,\"Schmidt, Anna\",Left,Ben@example.com,2026-03-31",
        "Name;END_DATE;Email;Status;Manager\r\nSchmidt, Anna;2026-03-31;anna@example.com;LEFT;ben@example.com\r\n\r\n;;;;\r\n",
        "\"name\"\t\"end_date\"\t\"email\"\t\"status\"\t\"manager\"\r\"Schmidt, Anna\"\t2026-03-31\t anna@example.com \tleft\tben@example.com\r",
    ] {
        let (good, bad, stopped) = read(list);
        assert_eq!((good.len(), bad, stopped), (1, vec![], None), "{list}");
        let details = good.into_iter().next().unwrap().details(None);
        assert_eq!((details.email.as_str(), details.name.as_str()), ("anna@example.com", "Schmidt, Anna"));
        assert_eq!(details.status, PersonStatus::Left);
        assert_eq!(details.manager.as_deref(), Some("ben@example.com"));
        assert_eq!(details.ends_on.unwrap().to_string(), "2026-03-31");
    }
}

#[test]
fn each_bad_row_is_told_by_its_line_and_the_good_ones_are_kept() {
    let list = "email,name,status,end_date,team\n\
        anna@example.com,Anna,active,,x\n\
        nobody,Ben,active,,x\n\
        \n\
        carla@example.com,,active,,x\n\
        dora@example.com,Dora,fired,,x\n\
        ema@example.com,Ema,active,31.03.2026,x\n\
        Anna@Example.com,Anna again,active,,x\n\
        fred@example.com,Fred,active,,x,y\n\
        \"gina@example.com\",\"Gina\n\",active,,x\n\
        hans@example.com,Hans\n";
    let (good, bad, stopped) = read(list);
    assert_eq!(
        good.iter().map(|row| row.email.as_str()).collect::<Vec<_>>(),
        ["anna@example.com", "hans@example.com"]
    );
    let told: Vec<(u64, &str)> =
        bad.iter().map(|row| (row.line, row.reason.split(' ').next().unwrap())).collect();
    assert_eq!(
        told,
        [(3, "email"), (5, "name"), (6, "status"), (7, "end_date"), (8, "its"), (9, "it"), (10, "a")]
    );
    assert_eq!(stopped, None);
    assert_eq!(rows(list).unknown_columns(), ["team"]);
    for ends in ["\r\n", "\r"] {
        let (_, again, _) = read(list.replace('\n', ends));
        assert_eq!(again, bad, "lines that end with {ends:?}");
    }
    let all: Vec<u8> = [b"email,name\n".as_slice(), b"a@b.com,\xff\xfe\n", b"b@b.com,Ben\n"].concat();
    let (good, bad, _) = read(all);
    assert_eq!((good.len(), bad[0].line, bad[0].reason.as_str()), (1, 2, "it is not UTF-8"));
}

#[test]
fn a_list_without_its_columns_is_refused_as_a_whole() {
    for (list, what) in [
        ("", "empty"),
        ("anna@example.com,Anna\n", "email is missing"),
        ("email,status\n", "name is missing"),
        ("email,name,Email\n", "two columns email"),
        ("\u{0}\u{1}\u{2}", "email is missing"),
    ] {
        let error = Rows::of(Box::new(Cursor::new(list.as_bytes().to_vec()))).err().unwrap();
        assert!(error.to_string().contains(what), "{list}: {error}");
        assert!(!error.to_string().contains("Anna"), "{error}");
    }
    let utf16: Vec<u8> = "\u{feff}email,name".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Rows::of(Box::new(Cursor::new(utf16))).err().unwrap().to_string().contains("UTF-16"));
}

#[test]
fn a_quote_that_is_not_closed_ends_the_reading_and_not_the_memory() {
    let good = "anna@example.com,Anna\n";
    let line = "x@example.com,someone\n";
    let many = line.repeat(usize::try_from(LONGEST_ROW).unwrap() / line.len() * 4);
    let (read_rows, bad, stopped) = read(format!("email,name\n{good}ben@example.com,\"Ben\n{many}"));
    assert_eq!((read_rows.len(), bad.len(), stopped), (1, 0, Some(Stop::RowTooLong)));
    let (read_rows, bad, stopped) = read(format!("email,name\n{good}ben@example.com,\"Ben\n{line}"));
    assert_eq!((read_rows.len(), bad[0].line, stopped), (1, 3, None));
    assert!(bad[0].reason.contains("quote"), "{bad:?}");
}

#[test]
fn the_row_after_the_last_that_is_read_ends_the_reading() {
    let mut list = "email,name\n".to_owned();
    for number in 0..=MOST_ROWS {
        writeln!(list, "p{number}@example.com,P").unwrap();
    }
    let (good, bad, stopped) = read(list);
    assert_eq!((good.len() as u64, bad.len(), stopped), (MOST_ROWS, 0, Some(Stop::TooManyRows)));
}

#[test]
fn what_was_handled_is_not_handled_again_but_its_addresses_count() {
    let mut rows = rows("email,name\na@b.com,A\nb@b.com,B\nA@b.com,A\nc@b.com,C\n");
    let chunk = rows.next_chunk(100, 3).unwrap();
    assert_eq!(chunk.good.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
    assert_eq!((chunk.bad[0].line, chunk.rows, chunk.last_line), (4, 4, 5));
    assert!(rows.next_chunk(100, 3).is_none());
}

#[test]
fn a_cell_that_was_protected_from_spreadsheets_is_read_as_it_was() {
    let (good, _, _) = read("email,name\n'+anna@example.com,'=Anna\n");
    assert_eq!(good[0].email, "+anna@example.com");
    assert_eq!(good.into_iter().next().unwrap().details(None).name, "=Anna");
}
