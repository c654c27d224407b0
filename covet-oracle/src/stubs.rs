//! Functions of extensions that are not bundled, as far as a statement that calls them is told apart from a wrong one.

/// `pgcrypto` 1.3, without `gen_random_uuid`, which is PostgreSQL's own by now.
const PGCRYPTO: [(&str, &[&str]); 5] = [
    (
        "bytea",
        &[
            "digest(text, text)",
            "digest(bytea, text)",
            "hmac(text, text, text)",
            "hmac(bytea, bytea, text)",
            "encrypt(bytea, bytea, text)",
            "decrypt(bytea, bytea, text)",
            "encrypt_iv(bytea, bytea, bytea, text)",
            "decrypt_iv(bytea, bytea, bytea, text)",
            "gen_random_bytes(int)",
            "dearmor(text)",
        ],
    ),
    (
        "text",
        &["crypt(text, text)", "gen_salt(text)", "gen_salt(text, int)", "armor(bytea)", "armor(bytea, text[], text[])"],
    ),
    (
        "bytea",
        &[
            "pgp_sym_encrypt(text, text)",
            "pgp_sym_encrypt(text, text, text)",
            "pgp_sym_encrypt_bytea(bytea, text)",
            "pgp_sym_encrypt_bytea(bytea, text, text)",
            "pgp_sym_decrypt_bytea(bytea, text)",
            "pgp_sym_decrypt_bytea(bytea, text, text)",
            "pgp_pub_encrypt(text, bytea)",
            "pgp_pub_encrypt(text, bytea, text)",
            "pgp_pub_encrypt_bytea(bytea, bytea)",
            "pgp_pub_encrypt_bytea(bytea, bytea, text)",
            "pgp_pub_decrypt_bytea(bytea, bytea)",
            "pgp_pub_decrypt_bytea(bytea, bytea, text)",
            "pgp_pub_decrypt_bytea(bytea, bytea, text, text)",
        ],
    ),
    (
        "text",
        &[
            "pgp_sym_decrypt(bytea, text)",
            "pgp_sym_decrypt(bytea, text, text)",
            "pgp_pub_decrypt(bytea, bytea)",
            "pgp_pub_decrypt(bytea, bytea, text)",
            "pgp_pub_decrypt(bytea, bytea, text, text)",
            "pgp_key_id(bytea)",
        ],
    ),
    ("SETOF record", &["pgp_armor_headers(text, OUT key text, OUT value text)"]),
];

/// `uuid-ossp` 1.1.
const UUID: [(&str, &[&str]); 1] = [(
    "uuid",
    &[
        "uuid_nil()",
        "uuid_ns_dns()",
        "uuid_ns_url()",
        "uuid_ns_oid()",
        "uuid_ns_x500()",
        "uuid_generate_v1()",
        "uuid_generate_v1mc()",
        "uuid_generate_v3(namespace uuid, name text)",
        "uuid_generate_v4()",
        "uuid_generate_v5(namespace uuid, name text)",
    ],
)];

/// What makes the functions of the extension, if it is known what it has.
pub(crate) fn of(extension: &str) -> Option<String> {
    let functions: &[(&str, &[&str])] = match extension {
        "pgcrypto" => &PGCRYPTO,
        "uuid-ossp" => &UUID,
        _ => return None,
    };
    let one = |returns: &str, function: &str| {
        format!("CREATE OR REPLACE FUNCTION {function} RETURNS {returns} LANGUAGE plpgsql AS '';\n")
    };
    let all = functions.iter().flat_map(|(returns, all)| all.iter().map(move |function| one(returns, function)));
    // Nobody ever calls them.
    Some(format!("SET check_function_bodies = off;\n{}", all.collect::<String>()))
}
