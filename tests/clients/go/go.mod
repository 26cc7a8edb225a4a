module wallet-service/tests

go 1.19

require wallet-service/wallet v0.0.0

replace wallet-service/wallet => ../../../client/go
