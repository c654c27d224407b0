use covet::__private::covet_core::sql::probe::Probe;

#[expect(non_camel_case_types, reason = "the message names the column as the schema does")]
fn main() {
    struct users;
    struct age;
    Probe(&"seven").integer::<users, age>();
    Probe(&Some(7_i64)).text::<users, age>();
}
