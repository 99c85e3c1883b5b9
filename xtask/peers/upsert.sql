\set turn random(1, 1000000000)
INSERT INTO records (id, data) VALUES (:client_id, '{"email": "jane.doe@foo.domain", "firstName": "Jane", "lastName": "Doe", "language": "en", "optin.newsletter": true, "optin.walletAlerts": true, "turn": ' || :turn || '}') ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data;
